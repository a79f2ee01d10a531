//! What a script says to the server while it runs, and what it has used up of what it may.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::rc::Rc;

use super::super::message::{Fault, FromWorker, ToWorker};

/// The pipes to the server, and the count of what went over them.
pub(super) struct Errand {
    input: RefCell<Box<dyn Read>>,
    output: RefCell<Box<dyn Write>>,
    left: Cell<Left>,
    /// Why the script was ended, when it was this side that ended it.
    fault: RefCell<Option<Fault>>,
    /// A pipe that failed, while the interpreter could not say so.
    failed: RefCell<Option<io::Error>>,
}

thread_local! {
    /// Whom `api` speaks for. The interpreter would carry it along for types with an `unsafe` trait.
    static CURRENT: RefCell<Option<Rc<Errand>>> = const { RefCell::new(None) };
}

/// What a script may still do.
#[derive(Clone, Copy, Default)]
pub(super) struct Left {
    pub(super) output_bytes: u64,
    pub(super) calls: u32,
}

/// The interpreter is to end the script; why is kept in the errand.
#[derive(Debug, thiserror::Error)]
#[error("the script is ended")]
pub(super) struct Ended;

impl Errand {
    /// Over these pipes.
    pub(super) fn new(input: Box<dyn Read>, output: Box<dyn Write>) -> Self {
        Self {
            input: RefCell::new(input),
            output: RefCell::new(output),
            left: Cell::default(),
            fault: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// The one whose script runs.
    pub(super) fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Begins a script with so much.
    pub(super) fn begin(self: &Rc<Self>, left: Left) {
        CURRENT.set(Some(Rc::clone(self)));
        self.left.set(left);
        self.fault.replace(None);
    }

    /// The next message; `None` when there will be none.
    pub(super) fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        super::receive(&mut *self.input.borrow_mut())
    }

    /// Sends a message.
    pub(super) fn send(&self, message: &FromWorker) -> io::Result<()> {
        super::send(&mut *self.output.borrow_mut(), &serde_json::to_vec(message)?)
    }

    /// Tells what the script printed.
    pub(super) fn print(&self, text: &str) -> Result<(), Ended> {
        let mut left = self.left.get();
        // An empty line is one, too.
        let bytes = text.len() as u64 + 1;
        let Some(rest) = left.output_bytes.checked_sub(bytes) else { return Err(self.end(Fault::Output)) };
        left.output_bytes = rest;
        self.left.set(left);
        self.send(&FromWorker::Printed { text: text.to_owned() }).map_err(|error| self.fail(error))
    }

    /// Asks for a call, and waits for what comes back.
    pub(super) fn call(&self, call: &FromWorker) -> Result<ToWorker, Ended> {
        let mut left = self.left.get();
        let Some(rest) = left.calls.checked_sub(1) else { return Err(self.end(Fault::Calls)) };
        left.calls = rest;
        self.left.set(left);
        self.ask(call).map_err(|error| self.fail(error))
    }

    /// Notes why the script ends.
    pub(super) fn end(&self, fault: Fault) -> Ended {
        self.fault.replace(Some(fault));
        Ended
    }

    /// Why this side ended the script, if it did.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.take()
    }

    /// # Errors
    /// The pipe that failed while the script ran.
    pub(super) fn failed(&self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn ask(&self, call: &FromWorker) -> io::Result<ToWorker> {
        self.send(call)?;
        let message = self.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(serde_json::from_slice(&message)?)
    }

    fn fail(&self, error: io::Error) -> Ended {
        self.failed.replace(Some(error));
        Ended
    }
}
