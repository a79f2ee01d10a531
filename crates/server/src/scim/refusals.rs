//! The refusals that endpoints share, for the API's documentation.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, RefOr, Response, Type};

/// What every endpoint can answer: 401, 403, 429 and 503.
pub(super) struct Unproven;

/// 400: a parameter is wrong.
pub(super) struct Malformed;

/// 400, 408, 413 and 415: the body is wrong, too slow, too long, or no JSON.
pub(super) struct BadBody;

/// 404: it is missing, or another provider's.
pub(super) struct Missing;

/// 409: a name or a key is taken.
pub(super) struct Taken;

/// 412: somebody changed it meanwhile.
pub(super) struct Overtaken;

type Responses = BTreeMap<String, RefOr<Response>>;

impl IntoResponses for Unproven {
    fn responses() -> Responses {
        let challenge = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
            .description(Some("The one challenge; `error_description` says the cause (RFC 6750 §3)"))
            .build();
        let mut unauthorized = error("The credentials are missing or do not pass");
        unauthorized.headers.insert("WWW-Authenticate".to_owned(), challenge.into());
        of([
            ("401", unauthorized),
            ("403", error("No token with `scim#provision`, or no provider has its owner as `scim_user`")),
            ("429", error("Too many wrong passwords; `Retry-After` says when to try again")),
            ("503", error("The server is starting, or its database is busy; `Retry-After` says when")),
        ])
    }
}

impl IntoResponses for Malformed {
    fn responses() -> Responses {
        of([("400", error("A parameter is wrong; `scimType` says in which way"))])
    }
}

impl IntoResponses for BadBody {
    fn responses() -> Responses {
        of([
            ("400", error("The body is wrong; `scimType` says in which way")),
            ("408", error("The body did not arrive in time")),
            ("413", error("The body is longer than this server takes")),
            ("415", error("The body is not JSON")),
        ])
    }
}

impl IntoResponses for Missing {
    fn responses() -> Responses {
        of([("404", error("It is missing, or another provider's: the answer is the same"))])
    }
}

impl IntoResponses for Taken {
    fn responses() -> Responses {
        of([("409", error("`uniqueness`: a name or a key is taken"))])
    }
}

impl IntoResponses for Overtaken {
    fn responses() -> Responses {
        of([("412", error("It is not the one that `If-Match` names any more"))])
    }
}

fn of<const N: usize>(responses: [(&str, Response); N]) -> Responses {
    responses.into_iter().map(|(status, response)| (status.to_owned(), response.into())).collect()
}

/// RFC 7644 §3.12.
fn error(description: &str) -> Response {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let schema = ObjectBuilder::new()
        .property("schemas", utoipa::openapi::ArrayBuilder::new().items(text()))
        .property("status", text().description(Some("The status, as a text")))
        .property("scimType", text().description(Some("A word for programs (RFC 7644 §3.12, table 9)")))
        .property("detail", text().description(Some("What is wrong, in a sentence")))
        .build();
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(super::answer::SCIM_JSON, content).build()
}
