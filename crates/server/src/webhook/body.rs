//! The body of a request: counted while it comes, and judged before it is kept.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use serde::de::IgnoredAny;

use super::room::{NoRoom, Place, Room};

/// How deep objects and arrays may be in each other.
const DEEPEST: usize = 128;

/// What is demanded of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The most bytes.
    pub(super) longest: usize,
    /// How long it may take to come.
    pub(super) slowest: Duration,
}

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// It is longer than the endpoint takes.
    Long,
    /// So many bodies come in that there is no room.
    NoRoom,
    /// It broke off, or came too slowly.
    Broken,
}

/// Whether a body says that it is longer than this.
pub(super) fn says_it_is_long(body: &Body, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}

/// Reads a body, which takes its place in the room as it comes.
///
/// # Errors
/// [`BodyFault`]; nothing more is read then.
pub(super) async fn read(
    body: Body,
    bounds: Bounds,
    room: &Room,
    place: &mut Place,
) -> Result<Vec<u8>, BodyFault> {
    let read = tokio::time::timeout(bounds.slowest, read_all(body, bounds.longest, room, place));
    read.await.map_err(|_| BodyFault::Broken)?
}

async fn read_all(
    mut body: Body,
    longest: usize,
    room: &Room,
    place: &mut Place,
) -> Result<Vec<u8>, BodyFault> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyFault::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > longest - bytes.len() {
            return Err(BodyFault::Long);
        }
        place.grow(data.len(), room).map_err(|NoRoom| BodyFault::NoRoom)?;
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Reads a body as JSON (RFC 8259): UTF-8, one value, at most 128 deep. The text stays as it came.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn json(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    serde_json::from_str::<IgnoredAny>(&text).map_err(|error| error.to_string())?;
    if is_deep(&text) {
        return Err(format!("objects and arrays are more than {DEEPEST} deep in each other"));
    }
    Ok(text)
}

/// Whether a JSON text is deeper than [`DEEPEST`].
fn is_deep(text: &str) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_one_value_that_is_not_too_deep() {
        for text in ["{}", " [1, \"]]\\\"[\"] ", "null", "\"\\u0000\"", "1e400"] {
            assert_eq!(json(text.into()).as_deref(), Ok(text));
        }
        for text in ["", "{", "{}{}", "\u{feff}{}", "nul", "{'a':1}"] {
            assert!(json(text.into()).is_err(), "{text}");
        }
        assert!(json(vec![b'"', 0xff, b'"']).is_err());
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(nested(DEEPEST).into()).is_ok() && json(nested(DEEPEST + 1).into()).is_err());
        assert!(json("[".repeat(1_000_000).into()).is_err());
    }

    async fn of(body: Body, longest: usize, room: &Room) -> Result<(usize, Place), BodyFault> {
        let mut place = Place::default();
        let bounds = Bounds { longest, slowest: Duration::from_millis(100) };
        let bytes = read(body, bounds, room, &mut place).await?;
        Ok((bytes.len(), place))
    }

    #[tokio::test]
    async fn a_body_is_counted_and_takes_room() {
        let room = Room::new(3, 3);
        let (bytes, place) = of(Body::from(vec![b'x'; 2_000]), 2_000, &room).await.unwrap();
        assert_eq!((bytes, room.free()), (2_000, (1, 1)));
        assert_eq!(of(Body::from(vec![b'x'; 2_001]), 2_000, &room).await.unwrap_err(), BodyFault::Long);
        assert_eq!(of(Body::from(vec![b'x'; 2_000]), 2_000, &room).await.unwrap_err(), BodyFault::NoRoom);
        drop(place);
        assert_eq!(room.free(), (3, 3));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_not_waited_for_and_keeps_no_place() {
        let room = Room::new(100, 100);
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"x")), ()))
        });
        let fault = of(Body::from_stream(drops), 2_000, &room).await.unwrap_err();
        assert_eq!((fault, room.free()), (BodyFault::Broken, (100, 100)));
    }
}
