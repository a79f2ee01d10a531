//! What a server knows, as far as requests are read by it.

use patgate_core::application::Applications;
use patgate_core::permission::Catalog;

/// A server.
#[derive(Debug)]
pub struct AppState {
    /// Its applications.
    pub applications: Applications,
    /// The permissions that it knows.
    pub catalog: Catalog,
}
