//! The body of a request: counted while it comes, and judged before it is kept.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use serde::de::IgnoredAny;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How deep objects and arrays may be in each other.
const DEEPEST: usize = 128;
/// The bytes of one place in memory.
const PLACE: usize = 1_024;

/// A body in memory, and its room there.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) room: Option<OwnedSemaphorePermit>,
}

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// It is longer than the endpoint takes.
    Long,
    /// So many bodies come in that there is no room.
    NoRoom,
    /// It broke off.
    Broken,
}

/// Whether a body says that it is longer than this.
pub(super) fn says_it_is_long(body: &Body, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}

/// Reads a body.
///
/// # Errors
/// [`BodyFault`]; nothing more is read then.
pub(super) async fn read(mut body: Body, limit: usize, room: &Arc<Semaphore>) -> Result<Held, BodyFault> {
    let mut held = Held::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyFault::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > limit - held.bytes.len() {
            return Err(BodyFault::Long);
        }
        held.grow(data, room)?;
    }
    Ok(held)
}

impl Held {
    fn grow(&mut self, data: &[u8], room: &Arc<Semaphore>) -> Result<(), BodyFault> {
        let has = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needs = (self.bytes.len() + data.len()).div_ceil(PLACE);
        if needs > has {
            let more = u32::try_from(needs - has).map_err(|_| BodyFault::NoRoom)?;
            let more = Arc::clone(room).try_acquire_many_owned(more).map_err(|_| BodyFault::NoRoom)?;
            match &mut self.room {
                Some(room) => room.merge(more),
                None => self.room = Some(more),
            }
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
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

    #[tokio::test]
    async fn a_body_is_counted_and_takes_room() {
        let room = Arc::new(Semaphore::new(3));
        let held = read(Body::from(vec![b'x'; 2_000]), 2_000, &room).await.unwrap();
        assert_eq!((held.bytes.len(), room.available_permits()), (2_000, 1));
        assert_eq!(read(Body::from(vec![b'x'; 2_001]), 2_000, &room).await.unwrap_err(), BodyFault::Long);
        assert_eq!(read(Body::from(vec![b'x'; 2_000]), 2_000, &room).await.unwrap_err(), BodyFault::NoRoom);
        drop(held);
        assert_eq!(room.available_permits(), 3);
    }
}
