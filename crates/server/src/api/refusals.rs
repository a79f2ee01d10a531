//! The refusals that endpoints share, for the API's documentation.
//!
//! Each stands for one or more statuses; an endpoint names those that it can answer with.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, Type};
use utoipa::{IntoResponses, PartialSchema};

/// What every endpoint that asks who calls can answer: 401, 403, 429 and 503.
pub struct Unproven;

/// 400: a parameter or a field is wrong, and is named.
pub struct Malformed;

/// 400, 408, 413 and 415: the body is wrong, too slow, too long, or no JSON.
pub struct BadBody;

/// 404: it is missing, or not the caller's.
pub struct Missing;

/// 409: something stands against it.
pub struct Conflict;

/// All of the above under `/deployit`, where every refusal is text.
pub struct InText;

/// 412: somebody else changed it after it was read.
pub struct Overtaken;

/// What every webhook endpoint can answer when it does not take a request: 400, 401, 404, 405, 429, 503 and 508.
pub struct NotTaken;

/// What a webhook endpoint answers besides to a body that it does not take: 413 and 415.
pub struct Unreadable;

pub(crate) type Responses = BTreeMap<String, RefOr<Response>>;

impl IntoResponses for Unproven {
    fn responses() -> Responses {
        let unauthorized = challenged(
            problem("The credentials are missing or do not pass; never depends on timing"),
            "The one challenge; `error_description` says the cause (RFC 6750 §3)",
        );
        of([
            ("401", unauthorized),
            ("403", text("A permission is missing, a rule forbids it, or a page of another site asks")),
            ("429", problem("Too many wrong passwords; `Retry-After` says when to try again")),
            (
                "503",
                problem(
                    "The server is starting, or its database is busy; `Retry-After` says when to try again",
                ),
            ),
        ])
    }
}

impl IntoResponses for Malformed {
    fn responses() -> Responses {
        of([("400", problem("A parameter or a field is wrong; it is named"))])
    }
}

impl IntoResponses for BadBody {
    fn responses() -> Responses {
        of([
            ("400", problem("A parameter or a field is wrong; it is named")),
            ("408", problem("The body did not arrive in time")),
            ("413", problem("The body is longer than this server takes")),
            ("415", problem("The body is not JSON")),
        ])
    }
}

impl IntoResponses for Missing {
    fn responses() -> Responses {
        of([("404", problem("It is missing, or not yours: the answer is the same"))])
    }
}

impl IntoResponses for Conflict {
    fn responses() -> Responses {
        of([("409", problem("It is there already, or something stands against it"))])
    }
}

impl IntoResponses for Overtaken {
    fn responses() -> Responses {
        of([("412", problem("Somebody else changed it after it was read; nothing is changed"))])
    }
}

impl IntoResponses for NotTaken {
    fn responses() -> Responses {
        let unauthorized = challenged(
            problem("The credentials of the endpoint are missing or wrong; who reads its log is told why"),
            "`Basic` where the endpoint takes that, and else `Webhook`",
        );
        of([
            ("400", problem("A parameter or the body is not as it must be, or the body broke off")),
            ("401", unauthorized),
            ("404", problem("There is no such endpoint, or it is not enabled: the answer is the same")),
            ("405", problem("The endpoint takes the other method; `Allow` says which")),
            ("429", problem("The endpoint takes no more now; `Retry-After` says when to try again")),
            ("503", problem("It cannot be kept now; `Retry-After` says when to try again")),
            ("508", problem("It was forwarded from endpoint to endpoint too often")),
        ])
    }
}

impl IntoResponses for Unreadable {
    fn responses() -> Responses {
        of([
            ("413", problem("The body is longer than the endpoint takes")),
            ("415", problem("The body is not JSON")),
        ])
    }
}

impl IntoResponses for InText {
    fn responses() -> Responses {
        let merged =
            [Unproven::responses(), BadBody::responses(), Missing::responses(), Conflict::responses()];
        let in_text = |response: RefOr<Response>| match response {
            RefOr::T(mut response) => {
                response.content = text("").content;
                RefOr::T(response)
            }
            reference @ RefOr::Ref(_) => reference,
        };
        merged.into_iter().flatten().map(|(status, response)| (status, in_text(response))).collect()
    }
}

fn of<const N: usize>(responses: [(&str, Response); N]) -> Responses {
    responses.into_iter().map(|(status, response)| (status.to_owned(), response.into())).collect()
}

/// A refusal with a challenge.
fn challenged(mut refusal: Response, description: &str) -> Response {
    let challenge = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .description(Some(description))
        .build();
    refusal.headers.insert("WWW-Authenticate".to_owned(), challenge.into());
    refusal
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn text(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(String::schema())).build();
    ResponseBuilder::new().description(description).content("text/plain", content).build()
}
