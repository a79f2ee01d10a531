//! `GET /configuration/webhooks/{item}/requests/{id}`: one request, whole.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::identifier::RequestId;
use patgate_core::policy::notification::length_in_page;

use super::pairs::Shown;
use super::row::{DeliveryRow, RequestRow};
use super::{PLACE, Part, may_edit, path};
use crate::pages::{PageResult, Shell, Visitor};
use crate::service::webhooks;
use crate::state::AppState;

/// The longest body that the page shows, in bytes as they stand there; longer ones are downloaded.
const SHOWN: usize = 16 * 1_024;
/// As many bytes of the page are for the headers, and as many for the parameters.
const ROOM: usize = 11_000;
/// As many bytes of one value.
const OF_VALUE: usize = 5_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/webhook_request.html")]
struct RequestPage {
    shell: Shell,
    title: String,
    endpoint: String,
    row: RequestRow,
    method: String,
    headers: Shown,
    parameters: Shown,
    /// Whether there is more of these two than there is room for.
    is_cut: bool,
    /// The body, written so that people can read it; `None` when it is too long for a page.
    body: Option<String>,
    /// Where the body is by itself.
    download: String,
    /// Where all of it is, as JSON: what came by GET has no body.
    whole: String,
    deliveries: Vec<DeliveryRow>,
    may_edit: bool,
}

/// `GET /configuration/webhooks/{item}/requests/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Part(number, id): Part<RequestId>,
    visitor: Visitor,
) -> PageResult {
    let view = webhooks::item(&state, &visitor.caller, number).await?;
    let whole = webhooks::request(&state, &visitor.caller, number, id).await?;
    let method = webhooks::method(&state, &visitor.caller, number)?;
    let headers = Shown::of(&whole.request.headers, ROOM, OF_VALUE);
    let parameters = Shown::of(&whole.request.parameters, ROOM, OF_VALUE);
    let is_cut = [&headers, &parameters].into_iter().any(|shown| shown.is_cut || shown.more > 0);
    let whole_path = format!("/api/v1/webhook-endpoints/{number}/requests/{id}");
    let page = RequestPage {
        shell: Shell::new(&state, &visitor, format!("Request {id}"), PLACE),
        title: view.item.id.name().to_owned(),
        endpoint: path(number),
        row: whole.request.into(),
        method: method.to_string(),
        is_cut,
        headers,
        parameters,
        body: readable(whole.body),
        download: format!("{whole_path}/body"),
        whole: whole_path,
        deliveries: whole.deliveries.into_iter().map(DeliveryRow::from).collect(),
        may_edit: may_edit(&state, &visitor),
    };
    Ok(Html(page.render()?).into_response())
}

/// JSON with line breaks. What cannot be read so, or is too long then, stays as it came; `None`: it is too long for a page.
fn readable(body: String) -> Option<String> {
    let fits =
        |text: &String| text.len() <= SHOWN && text.chars().map(length_in_page).sum::<usize>() <= SHOWN;
    if body.len() > SHOWN {
        return None;
    }
    let value = serde_json::from_str::<serde_json::Value>(&body);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value)).ok().filter(fits);
    pretty.or_else(|| Some(body).filter(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_readable_when_there_is_room_for_that() {
        let shown = |body: &str| readable(body.to_owned());
        assert_eq!(shown(r#"{"a":1}"#).as_deref(), Some("{\n  \"a\": 1\n}"));
        assert_eq!(shown("no JSON").as_deref(), Some("no JSON"));
        let dense = format!("[{}1]", "1,".repeat(6_000));
        assert_eq!(shown(&dense), Some(dense), "with line breaks it is too long");
        assert_eq!(shown(&"x".repeat(SHOWN + 1)), None);
        assert_eq!(shown(&"<".repeat(SHOWN / 2)), None, "in the page it is too long");
    }
}
