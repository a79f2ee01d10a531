//! What a worker takes from itself before it reads anything. A process that may not do a thing needs no rule against it.

use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setpriority_process, setrlimit,
};
use rustix::time::{ClockId, clock_gettime};

use super::super::process::LAST;
use super::system_calls;

/// The stack: some ten thousand levels of the interpreter.
const STACK_BYTES: u64 = 8 * 1_024 * 1_024;

/// Limits this process for good.
///
/// # Errors
/// When the kernel refuses: then it is better to run nothing.
pub(super) fn shut_in(memory_bytes: u64) -> io::Result<()> {
    // Memory that can be written to, which all of the heap is. Not the address space: the allocator reserves more than it takes.
    limit(Resource::Data, memory_bytes)?;
    limit(Resource::Stack, STACK_BYTES)?;
    // No core files, in which variables would stand, and nobody looks into this process.
    limit(Resource::Core, 0)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // No file grows, none is opened, no process or thread begun.
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nofile, 0)?;
    limit(Resource::Nproc, 0)?;
    rustix::thread::set_no_new_privs(true)?;
    // The last one: nothing of the above is allowed behind it.
    system_calls::refuse_others()
}

/// Allows so much time of the processor from now on; then the kernel ends this process (SIGXCPU).
///
/// # Errors
/// When the kernel refuses.
pub(super) fn allow_processor(seconds: u64) -> io::Result<()> {
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or_default();
    // Whole seconds are counted, and the one that has begun is not to be lost.
    let current = used.saturating_add(seconds).saturating_add(1);
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = maximum.map_or(current, |maximum| current.min(maximum));
    Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum })?)
}

/// Lets all others go first from now on: this process takes no script after this one.
pub(super) fn let_others_go_first() {
    // A system that refuses has its reasons; the server does the same when the script takes long.
    let _ = setpriority_process(None, LAST);
}

/// Lowers a limit, or leaves it where it is lower already.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(resource);
    let most = maximum.map_or(most, |maximum| most.min(maximum));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}
