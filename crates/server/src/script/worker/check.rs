//! Says whether a text is a script, without running it.

use std::collections::HashSet;

use starlark::analysis::AstModuleLint;
use starlark::environment::Globals;

use super::super::message::SyntaxAt;
use super::interpreter::{VARIABLES, one_based, parse};

/// The name that the interpreter has for a name that nothing in the script sets.
const UNDEFINED: &str = "using-undefined";

/// The first thing that is wrong with a text: its syntax, or a name that does not exist.
pub(super) fn check(text: String, globals: &Globals) -> Option<SyntaxAt> {
    let script = match parse(text) {
        Ok(script) => script,
        Err(at) => return Some(at),
    };
    let known: HashSet<String> =
        globals.names().map(|name| name.as_str().to_owned()).chain([VARIABLES.to_owned()]).collect();
    let undefined = script.lint(Some(&known)).into_iter().filter(|lint| lint.short_name == UNDEFINED);
    let first =
        undefined.map(|lint| (lint.location.resolve_span().begin, lint.problem)).min_by_key(|(at, _)| *at);
    first.map(|(at, message)| SyntaxAt { line: one_based(at.line), column: one_based(at.column), message })
}
