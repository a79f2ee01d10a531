//! Runs one script.

use std::rc::Rc;

use serde_json::Value as Json;
use starlark::codemap::FileSpanRef;
use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension, Module};
use starlark::eval::{BeforeStmtFuncDyn, Evaluator};
use starlark::syntax::{AstModule, Dialect, DialectTypes};
use starlark::{ErrorKind, PrintHandler};

use super::super::frame::FROM_WORKER;
use super::super::limits::{DEEPEST, SAID, VARIABLES_BYTES, cut};
use super::super::message::{Fault, FromWorker, Job, SyntaxAt};
use super::api;
use super::confinement::let_others_go_first;
use super::errand::{Errand, Left};

/// The name of the variables of the release in a script.
pub(super) const VARIABLES: &str = "releaseVariables";
/// How deep functions may call each other.
const CALLS_DEEP: usize = 200;
/// The heap is measured once in so many steps.
const MEASURED: u64 = 16;
/// The part of the heap beyond which a script comes last. Memory is taken much faster than time: one without end is at its
/// limit before it counts as long, and until then each page that it takes costs the others.
const MUCH: u64 = 8;

/// What a script finds besides the language: nothing that reaches out of the process, but `api` and `print`.
pub(super) fn globals() -> Globals {
    GlobalsBuilder::extended_by(&[
        LibraryExtension::StructType,
        LibraryExtension::SetType,
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::Partial,
        LibraryExtension::Json,
        LibraryExtension::Print,
    ])
    .with_namespace("api", api::members)
    .build()
}

/// Reads a text.
///
/// # Errors
/// Where it is no script.
pub(super) fn parse(text: String) -> Result<AstModule, SyntaxAt> {
    let dialect = Dialect {
        enable_load: false,
        enable_load_reexport: false,
        enable_keyword_only_arguments: true,
        enable_types: DialectTypes::Disable,
        enable_top_level_stmt: true,
        enable_f_strings: true,
        ..Dialect::Standard
    };
    AstModule::parse("script", text, &dialect).map_err(|error| {
        let at = error.span().map(|span| span.resolve_span().begin);
        let (line, column) = at.map_or((1, 1), |at| (one_based(at.line), one_based(at.column)));
        SyntaxAt { line, column, message: told(&error) }
    })
}

/// Runs a script to its end.
pub(super) fn run(job: Job, globals: &Globals, errand: &Rc<Errand>) -> FromWorker {
    errand.begin(Left { output_bytes: job.output_bytes, calls: job.calls });
    match parse(job.text) {
        Err(at) => FromWorker::Failed(Fault::Syntax(at)),
        Ok(script) => {
            let steps = Steps {
                left: job.steps,
                heap_bytes: job.heap_bytes,
                much_bytes: Some(job.heap_bytes / MUCH),
                errand: Rc::clone(errand),
            };
            // All that the script made goes with its module.
            let module = Module::new();
            module.set(VARIABLES, module.heap().alloc(&job.variables));
            evaluate(script, &module, globals, errand, steps).unwrap_or_else(|error| {
                FromWorker::Failed(errand.take_fault().unwrap_or_else(|| fault(&error)))
            })
        }
    }
}

fn evaluate(
    script: AstModule,
    module: &Module,
    globals: &Globals,
    errand: &Errand,
    steps: Steps,
) -> starlark::Result<FromWorker> {
    let printer = Printer(errand);
    let mut evaluator = Evaluator::new(module);
    evaluator.set_print_handler(&printer);
    evaluator.set_max_callstack_size(CALLS_DEEP).map_err(starlark::Error::new_other)?;
    let counting: Box<dyn BeforeStmtFuncDyn<'_, '_>> = Box::new(steps);
    evaluator.before_stmt_for_dap(counting.into());
    evaluator.eval_module(script, globals)?;
    drop(evaluator);
    Ok(left_behind(module))
}

/// The variables, as they are at the end.
fn left_behind(module: &Module) -> FromWorker {
    let refused = |message: String| FromWorker::Failed(Fault::Variables { message });
    let Some(value) = module.get(VARIABLES) else {
        return refused(format!("`{VARIABLES}` is gone"));
    };
    match value.to_json_value() {
        Ok(Json::Object(variables)) if variables.values().any(|value| is_deeper_than(value, DEEPEST)) => {
            refused(format!("`{VARIABLES}` hold more than {DEEPEST} lists and dicts within one another"))
        }
        Ok(Json::Object(variables)) => {
            let length = serde_json::to_string(&variables).map_or(usize::MAX, |text| text.len());
            if length > VARIABLES_BYTES.min(FROM_WORKER) {
                return refused(format!(
                    "`{VARIABLES}` take {length} bytes, and {VARIABLES_BYTES} is the most"
                ));
            }
            FromWorker::Completed { variables }
        }
        Ok(_) => refused(format!("`{VARIABLES}` is no dict, but of the type `{}`", value.get_type())),
        Err(error) => {
            refused(format!("`{VARIABLES}` hold what JSON cannot: {}", cut(&error.to_string(), SAID)))
        }
    }
}

/// Whether more lists and dicts than so many stand within one another in a value: who reads the message would refuse all of it.
pub(super) fn is_deeper_than(value: &Json, most: usize) -> bool {
    let within = |value: &Json| most.checked_sub(1).is_none_or(|most| is_deeper_than(value, most));
    match value {
        Json::Array(values) => most == 0 || values.iter().any(within),
        Json::Object(values) => most == 0 || values.values().any(within),
        _ => false,
    }
}

/// What an error of the interpreter means.
fn fault(error: &starlark::Error) -> Fault {
    match error.kind() {
        ErrorKind::StackOverflow(_) => Fault::Recursion,
        _ => Fault::Script {
            line: error.span().map(|span| one_based(span.resolve_span().begin.line)),
            message: told(error),
        },
    }
}

/// The words of an error, without the lines of the script that the interpreter adds.
fn told(error: &starlark::Error) -> String {
    cut(&error.without_diagnostic().to_string(), SAID)
}

/// The interpreter counts lines and columns from zero.
pub(super) fn one_based(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1)
}

/// Sends what is printed to the server.
struct Printer<'a>(&'a Errand);

impl PrintHandler for Printer<'_> {
    fn println(&self, text: &str) -> starlark::Result<()> {
        self.0.print(text).map_err(starlark::Error::new_other)
    }
}

/// Counts statements, and looks at the heap now and then.
struct Steps {
    left: u64,
    heap_bytes: u64,
    /// From where on it comes last; nothing when it does.
    much_bytes: Option<u64>,
    errand: Rc<Errand>,
}

impl<'a, 'e: 'a> BeforeStmtFuncDyn<'a, 'e> for Steps {
    fn call<'v>(
        &mut self,
        _: FileSpanRef<'_>,
        evaluator: &mut Evaluator<'v, 'a, 'e>,
    ) -> starlark::Result<()> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(starlark::Error::new_other(self.errand.end(Fault::Steps)));
        };
        self.left = left;
        if left % MEASURED == 0 {
            let taken = evaluator.heap().allocated_bytes() as u64;
            if taken > self.heap_bytes {
                return Err(starlark::Error::new_other(self.errand.end(Fault::Memory)));
            }
            if self.much_bytes.is_some_and(|much| taken > much) {
                self.much_bytes = None;
                let_others_go_first();
            }
        }
        Ok(())
    }
}
