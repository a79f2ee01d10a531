//! The object `api` of scripts: calls that the server makes for them.

use serde_json::Value as Json;
use serde_json::value::to_raw_value;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, UnpackDictEntries};
use starlark::values::none::NoneOr;
use starlark::values::structs::AllocStruct;
use starlark::values::{Heap, Value};

use super::super::frame::FROM_WORKER;
use super::super::limits::DEEPEST;
use super::super::message::{FromWorker, ToWorker};
use super::errand::{Ended, Errand};
use super::interpreter::is_deeper_than;

type Headers = UnpackDictEntries<String, String>;

/// A call that came to nothing.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the call `{method} {target}` was refused: {reason}")]
    Refused { method: &'static str, target: String, reason: String },
    #[error("a call of {0} bytes is longer than any may be")]
    TooLong(usize),
    #[error("the body of a call holds more than {DEEPEST} lists and dicts within one another")]
    TooDeep,
    #[error("nobody takes calls here")]
    Nobody,
    #[error("something else than an answer came back")]
    Other,
}

/// Its members.
#[starlark_module]
pub(super) fn members(globals: &mut GlobalsBuilder) {
    /// Reads something.
    fn get<'v>(
        #[starlark(require = pos)] path: &str,
        #[starlark(require = named, default = NoneOr::None)] headers: NoneOr<Headers>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call("GET", path, None, headers, eval)
    }

    /// Makes something.
    fn post<'v>(
        #[starlark(require = pos)] path: &str,
        #[starlark(default = NoneOr::None)] body: NoneOr<Value<'v>>,
        #[starlark(require = named, default = NoneOr::None)] headers: NoneOr<Headers>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call("POST", path, body.into_option(), headers, eval)
    }

    /// Changes something.
    fn put<'v>(
        #[starlark(require = pos)] path: &str,
        #[starlark(default = NoneOr::None)] body: NoneOr<Value<'v>>,
        #[starlark(require = named, default = NoneOr::None)] headers: NoneOr<Headers>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call("PUT", path, body.into_option(), headers, eval)
    }

    /// Deletes something.
    fn delete<'v>(
        #[starlark(require = pos)] path: &str,
        #[starlark(require = named, default = NoneOr::None)] headers: NoneOr<Headers>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call("DELETE", path, None, headers, eval)
    }
}

fn call<'v>(
    method: &'static str,
    target: &str,
    body: Option<Value<'v>>,
    headers: NoneOr<Headers>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let errand = Errand::current().ok_or_else(|| starlark::Error::new_other(NoAnswer::Nobody))?;
    let body = body.map(Value::to_json_value).transpose().map_err(starlark::Error::new_other)?;
    if body.as_ref().is_some_and(|body| is_deeper_than(body, DEEPEST)) {
        return Err(starlark::Error::new_other(NoAnswer::TooDeep));
    }
    let body = body.map(|body| to_raw_value(&body)).transpose().map_err(starlark::Error::new_other)?;
    let call = FromWorker::Call {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.into_option().unwrap_or_default().entries,
        body,
    };
    let length = serde_json::to_vec(&call).map_err(starlark::Error::new_other)?.len();
    if length > FROM_WORKER {
        return Err(starlark::Error::new_other(NoAnswer::TooLong(length)));
    }
    match errand.call(&call) {
        Ok(ToWorker::Answer { status, headers, text }) => Ok(answer(eval.heap(), status, headers, &text)),
        Ok(ToWorker::Refused { reason }) => {
            Err(starlark::Error::new_other(NoAnswer::Refused { method, target: target.to_owned(), reason }))
        }
        Ok(ToWorker::Run(_) | ToWorker::Check { .. }) => Err(starlark::Error::new_other(NoAnswer::Other)),
        Err(ended @ Ended) => Err(starlark::Error::new_other(ended)),
    }
}

/// What a script sees of an answer.
fn answer<'v>(heap: &'v Heap, status: u16, headers: Vec<(String, String)>, text: &str) -> Value<'v> {
    let json = serde_json::from_str::<Json>(text).unwrap_or(Json::Null);
    heap.alloc(AllocStruct([
        ("status", heap.alloc(i32::from(status))),
        ("headers", heap.alloc(AllocDict(headers))),
        ("text", heap.alloc(text)),
        ("json", heap.alloc(json)),
    ]))
}
