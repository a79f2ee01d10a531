//! Lists of any length: read and written piece by piece, so that no answer is built in memory as a whole, and nobody waits
//! for the last row to see the first.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use patgate_store::Seek;

use super::Format;
use super::page::Asked;
use crate::problem::Problem;
use crate::state::AppState;
use crate::written_lists::{Draft, ListName};

/// How many rows are read at once.
const PIECE: u64 = 200;

/// A row of a list.
pub(in crate::api) trait Row: Send + 'static {
    /// Its place in the list.
    type Place: Send + 'static;

    /// Where it is, so that the list can be read on from there.
    fn place(&self) -> Self::Place;

    /// As it stands in the answer.
    fn text(self, format: Format) -> String;
}

/// A list whose rows are read from the database, and what it is called when all of it is asked for.
pub(in crate::api) struct Source {
    pub(in crate::api) state: AppState,
    pub(in crate::api) name: ListName,
}

impl Source {
    /// Nothing of it comes from what this node has in memory, or that is as new as what is read.
    async fn draft(&self) -> Result<Result<Vec<Bytes>, Option<Draft>>, Problem> {
        let found = self.state.written_lists.find(&self.state.store, self.name.clone()).await?;
        Ok(match found {
            Ok(pieces) => Ok(pieces),
            Err(draft) => Err((self.state.node.applied().await >= draft.since()).then_some(draft)),
        })
    }

    async fn keep(&self, draft: Draft) {
        if let Err(error) = self.state.written_lists.keep(&self.state.store, draft).await {
            tracing::debug!(%error, "a list was not remembered");
        }
    }
}

/// A list in the form that the client wants: what is asked for of the rows that `read` gives. It is asked for the rows from
/// a place on, how many of them are left out, and how many are wanted at most. Whoever calls this has judged that the
/// client may see it: what was written before is not read again.
///
/// A fault in a later piece breaks the answer off: the client sees that it has no end.
///
/// # Errors
/// Those of the first piece.
pub(in crate::api) async fn listed<T: Row, F>(
    format: Format,
    asked: Asked,
    source: Option<Source>,
    read: impl Fn(Seek<T::Place>, u64, u64) -> F + Send + 'static,
) -> Result<Response, Problem>
where
    F: Future<Output = Result<Vec<T>, Problem>> + Send,
{
    let (open, close, empty) = match format {
        Format::Xml => ("<list>", "</list>", "<list/>"),
        Format::Json => ("[", "]", "[]"),
    };
    let headers = [(CONTENT_TYPE, format.content_type())];
    let source = source.filter(|_| asked == Asked::ALL);
    let mut draft = None;
    if let Some(source) = &source {
        match source.draft().await? {
            Ok(pieces) => {
                let pieces = stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
                return Ok((headers, Body::from_stream(pieces)).into_response());
            }
            Err(new) => draft = new,
        }
    }
    let limit = asked.most.min(PIECE);
    let rows = read(Seek::Start, asked.skip, limit).await?;
    let first = Piece::of(rows, asked.most, limit, format);
    let Some(rest) = first.rest else {
        let body = if first.text.is_empty() { empty.to_owned() } else { [open, &first.text, close].concat() };
        return Ok((headers, body).into_response());
    };
    let begin = Bytes::from([open, &first.text].concat());
    if let Some(draft) = &mut draft {
        draft.add(&begin);
    }
    let more = stream::try_unfold((Some(rest), read, source, draft), move |state| async move {
        let (rest, read, source, mut draft) = state;
        let Some((place, left)) = rest else { return Ok(None) };
        let limit = left.min(PIECE);
        let piece = Piece::of(read(Seek::After(place), 0, limit).await?, left, limit, format);
        let between = if format == Format::Json && !piece.text.is_empty() { "," } else { "" };
        let end = if piece.rest.is_none() { close } else { "" };
        let text = Bytes::from([between, &piece.text, end].concat());
        if let Some(draft) = &mut draft {
            draft.add(&text);
        }
        if piece.rest.is_none()
            && let (Some(source), Some(draft)) = (&source, draft.take())
        {
            source.keep(draft).await;
        }
        Ok::<_, Problem>(Some((text, (piece.rest, read, source, draft))))
    });
    let body =
        stream::once(ready(Ok(begin))).chain(more.map(|piece| piece.map_err(|problem| problem.to_string())));
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Some rows as a text, and from where the list goes on for how many more, when it may.
struct Piece<P> {
    text: String,
    rest: Option<(P, u64)>,
}

impl<P> Piece<P> {
    /// `wanted` rows are still wanted, and `limit` of them were asked for.
    fn of<T: Row<Place = P>>(rows: Vec<T>, wanted: u64, limit: u64, format: Format) -> Self {
        let count = rows.len() as u64;
        let left = wanted.saturating_sub(count);
        let may_go_on = count == limit && left > 0;
        let rest = rows.last().filter(|_| may_go_on).map(|last| (last.place(), left));
        let mut text = String::new();
        for row in rows {
            if format == Format::Json && !text.is_empty() {
                text.push(',');
            }
            text += &row.text(format);
        }
        Self { text, rest }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::HttpBody;
    use http_body_util::BodyExt;

    use super::*;

    struct Number(u64);

    impl Row for Number {
        type Place = u64;

        fn place(&self) -> u64 {
            self.0
        }

        fn text(self, _: Format) -> String {
            self.0.to_string()
        }
    }

    /// The list of the numbers below `end`, and whether it came as a whole.
    async fn list(end: u64, format: Format, asked: Asked) -> (String, bool) {
        let read = move |seek: Seek<u64>, skip: u64, limit: u64| async move {
            assert!(limit <= PIECE);
            let start = seek.cursor().map_or(0, |place| place + 1) + skip;
            Ok((start..end).take(limit as usize).map(Number).collect::<Vec<_>>())
        };
        let answer = listed(format, asked, None, read).await.unwrap();
        let is_whole = answer.body().size_hint().exact().is_some();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (String::from_utf8(body.to_vec()).unwrap(), is_whole)
    }

    #[tokio::test]
    async fn a_list_of_any_length_is_one_list() {
        for end in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
            let (text, is_whole) = list(end, Format::Json, Asked::ALL).await;
            let read: Vec<u64> = serde_json::from_str(&text).unwrap();
            assert!(read.iter().copied().eq(0..end), "{end}");
            assert_eq!(is_whole, end < PIECE, "{end}");
        }
        assert_eq!(list(0, Format::Xml, Asked::ALL).await.0, "<list/>");
        assert_eq!(list(2, Format::Xml, Asked::ALL).await.0, "<list>01</list>");
        let long = list(PIECE + 1, Format::Xml, Asked::ALL).await.0;
        assert!(long.starts_with("<list>012") && long.ends_with("200</list>"), "{long}");
    }

    #[tokio::test]
    async fn what_is_asked_for_is_answered_whatever_a_piece_is() {
        for (asked, numbers) in [
            (Asked { skip: 3, most: 2 }, 3..5),
            (Asked { skip: 3, most: PIECE }, 3..PIECE + 3),
            (Asked { skip: 1, most: 2 * PIECE + 1 }, 1..2 * PIECE + 2),
            (Asked { skip: 990, most: 300 }, 990..1_000),
            (Asked { skip: 2_000, most: 300 }, 0..0),
        ] {
            let (text, _) = list(1_000, Format::Json, asked).await;
            let read: Vec<u64> = serde_json::from_str(&text).unwrap();
            assert!(read.iter().copied().eq(numbers), "{asked:?}: {text}");
        }
    }

    #[tokio::test]
    async fn a_fault_on_the_way_breaks_the_list_off() {
        let read = |seek: Seek<u64>, _: u64, limit: u64| async move {
            if seek.cursor().is_some() {
                return Err(Problem::not_found("rest"));
            }
            Ok((0..limit).map(Number).collect::<Vec<_>>())
        };
        let answer = listed(Format::Json, Asked::ALL, None, read).await.unwrap();
        assert!(answer.into_body().collect().await.is_err());
    }
}
