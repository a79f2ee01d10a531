//! Putting the parts together: the one place that knows all of them.

mod build;
mod command;
mod dispatch;
mod lock;
mod memory;
mod serve;

pub use build::{StartError, build, open};
pub use command::{finish, for_command};
pub use dispatch::Dispatcher;
pub use memory::begin_small;
pub(crate) use serve::stop_signal;
pub use serve::{Running, serve, start};
