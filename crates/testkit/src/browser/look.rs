//! How a browser shows pages: the size of its window, its colours; and pictures of what it shows.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Browser;

/// The colours a person's system asks for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scheme {
    /// Dark text on light ground.
    #[default]
    Light,
    /// Light text on dark ground.
    Dark,
}

/// The window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Size {
    /// 1280 × 800 pixels.
    #[default]
    Wide,
    /// A telephone of 390 × 844 CSS pixels, two pixels each.
    Phone,
}

impl Browser {
    /// Shows pages with these colours and in this window from now on, and without motion.
    pub fn look(&self, scheme: Scheme, size: Size) {
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.command("Emulation.setEmulatedMedia", &json!({ "features": features }));
        let window = match size {
            Size::Wide => json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false }),
            Size::Phone => json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true }),
        };
        self.command("Emulation.setDeviceMetricsOverride", &window);
    }

    /// A picture of the whole page, also of what one would scroll to, as a PNG.
    ///
    /// # Errors
    /// When the browser sends no picture.
    pub fn picture(&self) -> io::Result<Vec<u8>> {
        let size = self.command("Page.getLayoutMetrics", &json!({}));
        let (width, height) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        // A dialog belongs to the window, not to the page.
        let options = if self.has("dialog[open]") {
            json!({ "format": "png" })
        } else {
            json!({ "format": "png", "captureBeyondViewport": true, "clip": clip })
        };
        let answer = self.command("Page.captureScreenshot", &options);
        let text = answer["data"].as_str().unwrap_or_default();
        STANDARD.decode(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Whether one has to scroll sideways to see all of the page, or all of a table.
    #[must_use]
    pub fn scrolls_sideways(&self) -> bool {
        let script = "return [document.documentElement, ...document.querySelectorAll('.sheet')]
            .some(part => part.scrollWidth > part.clientWidth)";
        self.run(script) == Value::Bool(true)
    }

    /// Shows pages as to whoever got this session cookie (`name=value`) from the server of this address; with `None`, as
    /// to nobody.
    pub fn wear(&self, url: &str, cookie: Option<&str>) {
        self.command("Network.clearBrowserCookies", &json!({}));
        if let Some((name, value)) = cookie.and_then(|cookie| cookie.split_once('=')) {
            let cookie =
                json!({ "name": name, "value": value, "url": url, "httpOnly": true, "sameSite": "Lax" });
            self.command("Network.setCookie", &cookie);
        }
    }

    /// A command of the browser itself (Chrome DevTools Protocol).
    pub(super) fn command(&self, name: &str, parameters: &Value) -> Value {
        self.does(name, async { self.driver().cdp().send_raw(name, parameters).await })
    }
}
