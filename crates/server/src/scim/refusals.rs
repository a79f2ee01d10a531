//! The refusals that endpoints share, for the API's documentation: those of all calls, in the form and the words of SCIM.

use utoipa::IntoResponses;
use utoipa::openapi::{Content, ContentBuilder, ObjectBuilder, RefOr, Type};

use crate::api::refusals::{self, Responses};

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

impl IntoResponses for Unproven {
    fn responses() -> Responses {
        let lacking = "No token with `scim#provision`, or no provider has its owner as `scim_user`";
        in_scim::<refusals::Unproven>(&[("403", lacking)])
    }
}

impl IntoResponses for Malformed {
    fn responses() -> Responses {
        in_scim::<refusals::Malformed>(&[("400", "A parameter is wrong; `scimType` says in which way")])
    }
}

impl IntoResponses for BadBody {
    fn responses() -> Responses {
        in_scim::<refusals::BadBody>(&[("400", "The body is wrong; `scimType` says in which way")])
    }
}

impl IntoResponses for Missing {
    fn responses() -> Responses {
        let missing = "It is missing, or another provider's: the answer is the same";
        in_scim::<refusals::Missing>(&[("404", missing)])
    }
}

impl IntoResponses for Taken {
    fn responses() -> Responses {
        in_scim::<refusals::Conflict>(&[("409", "`uniqueness`: a name or a key is taken")])
    }
}

impl IntoResponses for Overtaken {
    fn responses() -> Responses {
        in_scim::<refusals::Overtaken>(&[])
    }
}

/// The refusals of all calls as SCIM's clients get them, with other words where they mean something of their own.
fn in_scim<R: IntoResponses>(words: &[(&str, &str)]) -> Responses {
    let mut responses = R::responses();
    for (status, response) in &mut responses {
        let RefOr::T(response) = response else { continue };
        response.content = [(super::answer::SCIM_JSON.to_owned(), error().into())].into();
        if let Some((_, description)) = words.iter().find(|(other, _)| other == status) {
            (*description).clone_into(&mut response.description);
        }
    }
    responses
}

/// RFC 7644 §3.12.
fn error() -> Content {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let schema = ObjectBuilder::new()
        .property("schemas", utoipa::openapi::ArrayBuilder::new().items(text()))
        .property("status", text().description(Some("The status, as a text")))
        .property("scimType", text().description(Some("A word for programs (RFC 7644 §3.12, table 9)")))
        .property("detail", text().description(Some("What is wrong, in a sentence")))
        .build();
    ContentBuilder::new().schema(Some(schema)).build()
}
