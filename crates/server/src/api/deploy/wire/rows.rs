//! Lists of any length: read and written piece by piece, so that no answer is built in memory as a whole, and nobody waits
//! for the last row to see the first.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use patgate_core::identifier::ItemNumber;
use patgate_store::Seek;

use super::Format;
use super::page::Asked;
use crate::problem::Problem;
use crate::state::AppState;
use crate::written_lists::{Draft, KnownList, ListName, Patience, ROWS, Rows, WrittenRow};

/// How many rows are read at once.
const PIECE: u64 = 200;

/// A row of a list.
pub(in crate::api) trait Row: Send + 'static {
    /// Its place in the list.
    type Place: Send + 'static;

    /// The subject of the changes that change it.
    fn id(&self) -> i64;

    /// What it has from elsewhere: see [`WrittenRow::fact`].
    fn fact(&self) -> bool {
        false
    }

    /// Where it is, so that the list can be read on from there.
    fn place(&self) -> Self::Place;

    /// As it stands in the answer.
    fn text(self, format: Format) -> String;
}

/// Which rows of a list are read, in the order of the list.
pub(in crate::api) struct Wanted<P> {
    /// These alone.
    pub(in crate::api) only: Option<Vec<i64>>,
    /// From here on.
    pub(in crate::api) seek: Seek<P>,
    /// Without so many.
    pub(in crate::api) skip: u64,
    /// At most so many.
    pub(in crate::api) limit: u64,
}

/// Which items are wanted.
pub(in crate::api) fn numbered(ids: Vec<i64>) -> Vec<ItemNumber> {
    ids.into_iter().map(ItemNumber::from_i64).collect()
}

/// A list whose rows are read from the database, and what it is called when all of it is asked for.
pub(in crate::api) struct Source {
    pub(in crate::api) state: AppState,
    pub(in crate::api) name: ListName,
    /// The fact of a row now.
    pub(in crate::api) fact: fn(&AppState, i64) -> bool,
}

impl Source {
    /// The rows as they were written before, with those written anew that changed; otherwise what to write them into, where
    /// nothing of them comes from what this node has in memory, or that is as new as what is read.
    async fn written<T: Row, F>(
        &self,
        format: Format,
        read: &impl Fn(Wanted<T::Place>) -> F,
        patience: &mut Patience,
    ) -> Result<Result<Bytes, Option<Draft>>, Problem>
    where
        F: Future<Output = Result<Vec<T>, Problem>>,
    {
        let (lists, store) = (&self.state.written_lists, &self.state.store);
        let (draft, before) = loop {
            match lists.find(store, self.name.clone()).await? {
                KnownList::Unchanged(text) => return Ok(Ok(text)),
                // It may be short, and nobody is to wait for a short one.
                KnownList::Unknown(draft) => break (draft, None),
                KnownList::Changed { before, ids, facts, mut draft } => {
                    if lists.takes_turn(&mut draft, patience).await {
                        break (draft, Some((before, ids, facts)));
                    }
                }
            }
        };
        if self.state.node.applied().await < draft.since() {
            return Ok(Err(None));
        }
        let before = before.map(|(before, mut ids, facts)| {
            let others = before.each().filter(|row| facts && row.fact != (self.fact)(&self.state, row.id));
            ids.extend(others.map(|row| row.id));
            (before, ids)
        });
        if let Some((before, ids)) = before.filter(|(_, ids)| ids.len() <= ROWS)
            && let Some(rows) = mended::<T, F>(&before, &ids, format, read).await?
            && let Some(text) = lists.keep(store, draft.with(rows)).await?
        {
            return Ok(Ok(text));
        }
        Ok(Err(Some(draft)))
    }

    async fn keep(&self, draft: Draft) {
        if let Err(error) = self.state.written_lists.keep(&self.state.store, draft).await {
            tracing::debug!(%error, "a list was not remembered");
        }
    }
}

/// A list in the form that the client wants: what is asked for of the rows that `read` gives. Whoever calls this has judged
/// that the client may see it: what was written before is not read again.
///
/// A fault in a later piece breaks the answer off: the client sees that it has no end.
///
/// # Errors
/// Those of the first piece.
pub(in crate::api) async fn listed<T: Row, F>(
    format: Format,
    asked: Asked,
    source: Option<Source>,
    read: impl Fn(Wanted<T::Place>) -> F + Send + Sync + 'static,
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
    let mut patience = Patience::default();
    let (begin, rest, draft) = loop {
        let mut draft = None;
        if let Some(source) = &source {
            match source.written::<T, F>(format, &read, &mut patience).await? {
                Ok(rows) if rows.is_empty() => return Ok((headers, empty).into_response()),
                Ok(rows) => {
                    let text = [open.into(), rows.slice(separator(format).len()..), close.into()];
                    let text = stream::iter(text.map(Ok::<Bytes, Infallible>));
                    return Ok((headers, Body::from_stream(text)).into_response());
                }
                Err(new) => draft = new,
            }
        }
        let limit = asked.most.min(PIECE);
        let rows = read(Wanted { only: None, seek: Seek::Start, skip: asked.skip, limit }).await?;
        let first = Piece::of(rows, asked.most, limit, format);
        let text = first.rows.text().get(separator(format).len()..).unwrap_or_default();
        let Some(rest) = first.rest else {
            let (open, close) = (open.as_bytes(), close.as_bytes());
            let body = if text.is_empty() { empty.into() } else { [open, text, close].concat() };
            return Ok((headers, body).into_response());
        };
        if let (Some(source), Some(draft)) = (&source, &mut draft) {
            if !source.state.written_lists.takes_turn(draft, &mut patience).await {
                continue;
            }
            draft.add(&first.rows);
        }
        break (Bytes::from([open.as_bytes(), text].concat()), rest, draft);
    };
    let more = stream::try_unfold((Some(rest), read, source, draft), move |state| async move {
        let (rest, read, source, mut draft) = state;
        let Some((place, left)) = rest else { return Ok(None) };
        let limit = left.min(PIECE);
        let wanted = Wanted { only: None, seek: Seek::After(place), skip: 0, limit };
        let piece = Piece::of(read(wanted).await?, left, limit, format);
        let end = if piece.rest.is_none() { close } else { "" };
        let text = Bytes::from([piece.rows.text(), end.as_bytes()].concat());
        if let Some(draft) = &mut draft {
            draft.add(&piece.rows);
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

/// The rows of a list in which these changed: they alone are read, each with the row behind it. `None` when the rest is not
/// as it was either.
async fn mended<T: Row, F>(
    before: &Rows,
    changed: &BTreeSet<i64>,
    format: Format,
    read: &impl Fn(Wanted<T::Place>) -> F,
) -> Result<Option<Rows>, Problem>
where
    F: Future<Output = Result<Vec<T>, Problem>>,
{
    // One more than what changed: one of those behind a row did not.
    let limit = changed.len() as u64 + 1;
    let only = Some(changed.iter().copied().collect());
    let found = read(Wanted { only, seek: Seek::Start, skip: 0, limit }).await?;
    let (mut new, mut places) = (Rows::default(), Vec::with_capacity(found.len()));
    for row in found {
        let behind = read(Wanted { only: None, seek: Seek::After(row.place()), skip: 0, limit }).await?;
        places.push(behind.iter().map(Row::id).find(|id| !changed.contains(id)));
        write(&mut new, row, format);
    }
    Ok(before.mended(changed, &new, &places))
}

/// Some rows, and from where the list goes on for how many more, when it may.
struct Piece<P> {
    rows: Rows,
    rest: Option<(P, u64)>,
}

impl<P> Piece<P> {
    /// `wanted` rows are still wanted, and `limit` of them were asked for.
    fn of<T: Row<Place = P>>(rows: Vec<T>, wanted: u64, limit: u64, format: Format) -> Self {
        let count = rows.len() as u64;
        let left = wanted.saturating_sub(count);
        let may_go_on = count == limit && left > 0;
        let rest = rows.last().filter(|_| may_go_on).map(|last| (last.place(), left));
        let mut written = Rows::default();
        rows.into_iter().for_each(|row| write(&mut written, row, format));
        Self { rows: written, rest }
    }
}

fn write(rows: &mut Rows, row: impl Row, format: Format) {
    let (id, fact) = (row.id(), row.fact());
    let text = [separator(format), &row.text(format)].concat();
    rows.push(WrittenRow { id, fact, text: text.as_bytes() });
}

/// What stands before each row of a list; before the first it is left out.
fn separator(format: Format) -> &'static str {
    match format {
        Format::Xml => "",
        Format::Json => ",",
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::{BTreeMap, HashMap};

    use axum::body::HttpBody;
    use futures_util::FutureExt;
    use http_body_util::BodyExt;
    use proptest::prelude::*;

    use super::*;

    struct Number(u64);

    impl Row for Number {
        type Place = u64;

        fn id(&self) -> i64 {
            self.0 as i64
        }

        fn place(&self) -> u64 {
            self.0
        }

        fn text(self, _: Format) -> String {
            self.0.to_string()
        }
    }

    /// The list of the numbers below `end`, and whether it came as a whole.
    async fn list(end: u64, format: Format, asked: Asked) -> (String, bool) {
        let read = move |wanted: Wanted<u64>| async move {
            assert!(wanted.limit <= PIECE);
            let start = wanted.seek.cursor().map_or(0, |place| place + 1) + wanted.skip;
            Ok((start..end).take(wanted.limit as usize).map(Number).collect::<Vec<_>>())
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
        let read = |wanted: Wanted<u64>| async move {
            if wanted.seek.cursor().is_some() {
                return Err(Problem::not_found("rest"));
            }
            Ok((0..wanted.limit).map(Number).collect::<Vec<_>>())
        };
        let answer = listed(Format::Json, Asked::ALL, None, read).await.unwrap();
        assert!(answer.into_body().collect().await.is_err());
    }

    /// A row that can move.
    #[derive(Clone, Copy, Debug)]
    struct Placed {
        id: i64,
        place: u64,
        version: u64,
    }

    impl Row for Placed {
        type Place = u64;

        fn id(&self) -> i64 {
            self.id
        }

        fn place(&self) -> u64 {
            self.place
        }

        fn text(self, _: Format) -> String {
            format!("{}-{}-{}", self.id, self.place, self.version)
        }
    }

    proptest! {
        #[test]
        fn a_mended_list_is_the_one_that_is_read_anew_and_few_rows_are_read(
            places: HashMap<u8, u8>, changes: Vec<(u8, Option<u8>)>, as_xml: bool,
        ) {
            let format = if as_xml { Format::Xml } else { Format::Json };
            let number = |(id, place): (&u8, &u8)| (i64::from(*id), (u64::from(*place) << 8 | u64::from(*id), 1));
            let mut table: BTreeMap<i64, (u64, u64)> = places.iter().map(number).collect();
            let list = |table: &BTreeMap<i64, (u64, u64)>| {
                let mut rows: Vec<_> =
                    table.iter().map(|(id, (place, version))| Placed { id: *id, place: *place, version: *version }).collect();
                rows.sort_unstable_by_key(Row::place);
                rows
            };
            let before = Piece::of(list(&table), u64::MAX, u64::MAX, format).rows;
            let changed: BTreeSet<i64> = changes.iter().map(|(id, _)| i64::from(*id)).collect();
            for (id, place) in changes {
                match place {
                    Some(place) => table.insert(i64::from(id), (u64::from(place) << 8 | u64::from(id), 2)),
                    None => table.remove(&i64::from(id)),
                };
            }
            let now = list(&table);
            let reads = Cell::new(0);
            let read = |wanted: Wanted<u64>| {
                let is_behind = |row: &&Placed| wanted.seek.cursor().is_none_or(|place| row.place > *place);
                let is_meant = |row: &&Placed| wanted.only.as_ref().is_none_or(|only| only.contains(&row.id));
                let found = now.iter().filter(is_behind).filter(is_meant).take(wanted.limit as usize).copied();
                let found: Vec<_> = found.collect();
                reads.set(reads.get() + found.len());
                ready(Ok(found))
            };
            let mended = mended(&before, &changed, format, &read).now_or_never().unwrap().unwrap();
            prop_assert_eq!(mended, Some(Piece::of(now.clone(), u64::MAX, u64::MAX, format).rows));
            prop_assert!(reads.get() <= changed.len() * (changed.len() + 2));
        }
    }
}
