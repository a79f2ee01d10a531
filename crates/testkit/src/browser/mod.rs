//! The machine's Chromium, driven through its own driver as a person would use it.
//!
//! Every [`Browser`] is a browser of its own with an empty profile: nobody is signed in, nothing is kept. What a person
//! does is named by what they see ([`Browser::press`], [`Browser::fill`]), so that a test reads like the flow and fails
//! when a label is wrong. Everything waits for what it names.

mod axe;
mod clock;
mod download;
mod keyboard;
mod look;
mod page;
mod start;
pub mod tour;
mod violations;

use std::fmt::{self, Debug, Formatter};
use std::time::Duration;

use tempfile::TempDir;
use thirtyfour::WebDriver;
use thirtyfour::error::WebDriverResult;
use tokio::runtime::Runtime;

use crate::child::Process;

pub use axe::VARIABLE as AXE_VARIABLE;
pub use look::{Scheme, Size};
pub use start::Start;
pub use thirtyfour::Key;

/// How long something may take to be on a page: a debug build, two cores, other tests beside it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running browser with one window. Closed with this value.
///
/// ```no_run
/// use patgate_testkit::{browser::Browser, servers::patgate::{ADMIN_PASSWORD, Patgate}};
/// let (patgate, browser) = (Patgate::start(), Browser::start());
/// browser.open(&patgate.url_of("/login"));
/// browser.fill("User name", "admin");
/// browser.fill("Password", ADMIN_PASSWORD);
/// browser.press("Log in");
/// ```
pub struct Browser {
    runtime: Runtime,
    driver: Option<WebDriver>,
    // After the session: values are dropped in this order, and the driver closes its browser.
    _server: Process,
    directory: TempDir,
}

impl Browser {
    /// Starts one as most people have it: a wide window, light colours, with scripts, in UTC.
    #[must_use]
    pub fn start() -> Self {
        Self::with().start()
    }

    /// Starts it otherwise.
    #[must_use]
    pub fn with() -> Start {
        Start::default()
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().unwrap_or_else(|| panic!("the browser is closed"))
    }

    /// Does something; panics with what was tried and where one was.
    fn does<T>(&self, what: &str, work: impl Future<Output = WebDriverResult<T>>) -> T {
        match self.runtime.block_on(work) {
            Ok(value) => value,
            Err(error) => {
                // What follows are addresses within the driver.
                let error = error.to_string();
                let error = error.split("Stacktrace").next().unwrap_or_default().trim();
                panic!("the browser could not {what}: {error}\n{}", self.whereabouts())
            }
        }
    }

    /// Does something that may not succeed now.
    fn tries<T>(&self, work: impl Future<Output = WebDriverResult<T>>) -> Option<T> {
        self.runtime.block_on(work).ok()
    }

    /// The address and the text of the page, for the message of a failure.
    fn whereabouts(&self) -> String {
        let work = async {
            let script = "return location.href + '\\n' + document.body.innerText.slice(0, 2000)";
            self.driver().execute(script, Vec::new()).await?.convert::<String>()
        };
        self.runtime.block_on(work).unwrap_or_else(|error| format!("and does not say where it is: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // When it does not close, its driver takes it down.
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}

impl Debug for Browser {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Browser")
    }
}
