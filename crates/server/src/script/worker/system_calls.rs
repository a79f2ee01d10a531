//! Which system calls a worker may make: those of an interpreter that has one thread, takes memory, and reads and writes its pipes.
//!
//! A fault of the interpreter may let a script run machine code, and that has no limits but the kernel's. It must not open the
//! server's files, nor signal, trace or read the server, whose system user the worker has. A filter of the kernel (seccomp(2))
//! knows the calls that are needed, and all others fail with `EPERM`. They do not end the process: libraries try what they can do
//! without (the allocator names its mappings, others ask how many processors there are), and what they try changes with each of their
//! versions.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// Calls that are made with any arguments. They reach nothing but this process. What the server was started with may be open
/// here: all that can be done with it is to close it.
const ANY: [i64; 18] = [
    libc::SYS_close,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_getrandom,
    // Locks, which nobody else holds, and the time.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_clock_gettime,
    libc::SYS_restart_syscall,
    // The end, also by a stack that is used up or a panic.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];
/// How a call names the process that makes it.
const SELF: u64 = 0;
/// How a call names no file: -1.
const NO_FILE: u64 = 0xffff_ffff;

/// Refuses all other system calls from now on, for good. A kernel that has no filters, or refuses them, leaves this process as it is:
/// its other limits hold, and the server, which asks the kernel, says so in its log.
///
/// # Errors
/// When the filter itself is wrong.
pub(super) fn refuse_others() -> io::Result<()> {
    // No other processor's calls are known by their numbers.
    let Ok(processor) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(()) };
    let program = program(processor).map_err(io::Error::other)?;
    match seccompiler::apply_filter_all_threads(&program) {
        Ok(()) | Err(Error::Seccomp(_)) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// The filter.
fn program(processor: TargetArch) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<_, _> = ANY.into_iter().map(|call| (call, Vec::new())).collect();
    // What can be written to is never run.
    let not_run = || {
        let execute = u64::from(libc::PROT_EXEC.unsigned_abs());
        SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(execute), 0)
    };
    let own_id = u64::from(std::process::id());
    // The pipes, and nothing else that may be open.
    for (call, pipe) in [
        (libc::SYS_read, libc::STDIN_FILENO),
        (libc::SYS_readv, libc::STDIN_FILENO),
        (libc::SYS_write, libc::STDOUT_FILENO),
        (libc::SYS_write, libc::STDERR_FILENO),
        (libc::SYS_writev, libc::STDOUT_FILENO),
        (libc::SYS_writev, libc::STDERR_FILENO),
    ] {
        let rule = SeccompRule::new(vec![is(0, u64::from(pipe.unsigned_abs()))?])?;
        rules.entry(call).or_default().push(rule);
    }
    for (call, conditions) in [
        (libc::SYS_mmap, vec![not_run()?, is(4, NO_FILE)?]),
        (libc::SYS_mprotect, vec![not_run()?]),
        // An abort.
        (libc::SYS_tgkill, vec![is(0, own_id)?]),
        // The limit of a script, and to come last.
        (libc::SYS_prlimit64, vec![is(0, SELF)?, is(1, u64::from(libc::RLIMIT_CPU))?]),
        (libc::SYS_setpriority, vec![is(0, u64::from(libc::PRIO_PROCESS))?, is(1, SELF)?]),
        // How many processors there are, by which libraries size their tables.
        (libc::SYS_sched_getaffinity, vec![is(0, SELF)?]),
    ] {
        rules.insert(call, vec![SeccompRule::new(conditions)?]);
    }
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, processor)?.try_into()
}

/// That an argument has this value.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{IoSlice, IoSliceMut, Read, Write};
    use std::net::UdpSocket;
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::sync::mpsc;

    use rustix::process::{Resource, Rlimit, Signal, getpid, getppid, getrlimit, kill_process, setrlimit};

    use super::*;
    use crate::script::process::is_filtered;

    /// Does something in a thread that has the filter, which ends with it.
    fn behind_filter<T: Send>(act: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let processor = TargetArch::try_from(std::env::consts::ARCH).unwrap();
                seccompiler::apply_filter(&program(processor).unwrap()).unwrap();
                act()
            });
            thread.join().unwrap()
        })
    }

    #[test]
    fn files_processes_and_the_network_are_refused() {
        let (core, parent) = (getrlimit(Resource::Core), getppid().unwrap());
        let refused = behind_filter(|| {
            [
                File::open("/proc/self/status").map(drop),
                fs::metadata("/").map(drop),
                fs::create_dir("/nowhere/at/all"),
                UdpSocket::bind("127.0.0.1:0").map(drop),
                UnixStream::pair().map(drop),
                Command::new("/bin/true").status().map(drop),
                kill_process(getpid(), Signal::CONT).map_err(Into::into),
                kill_process(parent, Signal::CONT).map_err(Into::into),
                setrlimit(Resource::Core, core).map_err(Into::into),
                rustix::thread::set_no_new_privs(true).map_err(Into::into),
            ]
            .map(|outcome: io::Result<()>| outcome.err().and_then(|error| error.raw_os_error()))
        });
        assert_eq!(refused, [Some(libc::EPERM); 10]);
    }

    #[test]
    fn what_else_is_open_is_neither_read_nor_written() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"secret").unwrap();
        let refused = behind_filter(|| {
            let mut seen = [0; 3];
            [
                reader.read(&mut seen),
                reader.read_vectored(&mut [IoSliceMut::new(&mut seen)]),
                writer.write(b"x"),
                writer.write_vectored(&[IoSlice::new(b"x")]),
            ]
            .map(|outcome| outcome.err().and_then(|error| error.raw_os_error()))
        });
        assert_eq!(refused, [Some(libc::EPERM); 4]);
        assert_eq!(behind_filter(|| io::stderr().write(b"").ok()), Some(0));
    }

    #[test]
    fn what_an_interpreter_needs_is_not() {
        let Rlimit { current, maximum } = getrlimit(Resource::Cpu);
        let sum = behind_filter(|| {
            // More than is at hand, in blocks of many sizes.
            let blocks: Vec<Vec<u8>> = (0..26).map(|size| vec![1; 1 << size]).collect();
            setrlimit(Resource::Cpu, Rlimit { current, maximum }).unwrap();
            std::thread::yield_now();
            blocks.iter().map(Vec::len).sum::<usize>()
        });
        assert_eq!(sum, (1 << 26) - 1);
    }

    #[test]
    fn the_server_sees_who_has_the_filter() {
        let (began, beginning) = mpsc::channel();
        let (end, ending) = mpsc::channel::<()>();
        let is_seen = std::thread::scope(|scope| {
            scope.spawn(move || {
                behind_filter(move || {
                    began.send(rustix::thread::gettid()).unwrap();
                    // There is nothing to receive: until the other end is dropped.
                    ending.recv().is_err()
                })
            });
            let is_seen = is_filtered(beginning.recv().ok());
            drop(end);
            is_seen
        });
        assert_eq!(is_seen, Some(true));
    }
}
