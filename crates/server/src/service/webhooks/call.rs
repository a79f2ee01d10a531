//! The line with which an endpoint is tried from a terminal.

use patgate_core::item::{GET_WEBHOOK_ENDPOINT, Value, webhook_property as property};
use patgate_core::webhook::Method;
use patgate_store::Item;

use crate::service::items::webhook::method;

/// A line for a shell that calls an endpoint at this URL. The secret is for the reader to put in.
#[must_use]
pub fn curl_line(item: &Item, url: &str) -> String {
    let is_get = item.type_name == GET_WEBHOOK_ENDPOINT.name;
    let plain = match is_get {
        true => format!("'{url}?event=test'"),
        false => format!("-H 'Content-Type: application/json' -d '{{\"event\":\"test\"}}' '{url}'"),
    };
    let signed = format!("-H 'Content-Type: application/json' -d \"$body\" '{url}'");
    match method(&item.properties) {
        Method::None => format!("curl -i {plain}"),
        Method::Token => format!("curl -i -H 'x-release-webhook-token: <token>' {plain}"),
        Method::GitLab => format!("curl -i -H 'X-Gitlab-Token: <token>' {plain}"),
        Method::Basic => {
            let name = item.properties.get(property::USERNAME).and_then(Value::as_text).unwrap_or_default();
            format!("curl -i -u '{}:<password>' {plain}", name.replace('\'', r"'\''"))
        }
        Method::GitHub => format!(
            "secret='<secret>'; body='{{\"event\":\"test\"}}'; curl -i -H \"X-Hub-Signature-256: sha256=$(printf %s \"$body\" \
             | openssl dgst -sha256 -hmac \"$secret\" -r | cut -d' ' -f1)\" {signed}"
        ),
        Method::Standard => format!(
            "secret='<whsec_…>'; body='{{\"event\":\"test\"}}'; now=$(date +%s); id=\"msg_$now\"; key=$(printf %s \
             \"${{secret#whsec_}}\" | base64 -d | od -An -v -tx1 | tr -d ' \\n'); curl -i -H \"webhook-id: $id\" -H \
             \"webhook-timestamp: $now\" -H \"webhook-signature: v1,$(printf %s \"$id.$now.$body\" | openssl dgst -sha256 \
             -mac HMAC -macopt \"hexkey:$key\" -binary | base64)\" {signed}"
        ),
    }
}
