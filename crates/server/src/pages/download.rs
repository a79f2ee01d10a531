//! A list as a file, sent piece by piece while it is read.

use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::PageResult;
use crate::problem::Problem;

/// Where the pieces of a file come from.
pub(super) trait Source: Send + 'static {
    /// The next piece; `None` after the last one.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, Problem>> + Send;
}

/// Answers with a file of this kind and name: `head`, then what `source` gives.
pub(super) async fn file(kind: &str, name: String, head: String, mut source: impl Source) -> PageResult {
    // Read before the headers go out, so that a failure is a status.
    let first = source.next().await?.unwrap_or_default();
    let first = Some(head + first.as_str()).filter(|text| !text.is_empty());
    let body = stream::try_unfold((source, first), |(mut source, ready)| async move {
        let text = match ready {
            Some(text) => Some(text),
            None => source.next().await.map_err(|problem| std::io::Error::other(problem.to_string()))?,
        };
        Ok::<_, std::io::Error>(text.map(|text| (Bytes::from(text), (source, None))))
    });
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, Body::from_stream(body)).into_response())
}
