//! axe-core, which judges whether people who see, hear or move differently can use a page.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Browser;

/// The variable by which `cargo xtask test` tells where axe-core is.
pub const VARIABLE: &str = "PATGATE_TEST_AXE";
/// WCAG 2.2 AA, and what axe-core's makers recommend beyond it.
const ALL: &str =
    "{ type: 'tag', values: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] }";
/// Those of them that look at colours.
const OF_COLOURS: &str = "{ type: 'rule', values: ['color-contrast','link-in-text-block'] }";

impl Browser {
    /// One line for each rule that the page breaks, with the place where it does.
    #[must_use]
    pub fn barriers(&self) -> Vec<String> {
        self.broken(ALL)
    }

    /// As [`Browser::barriers`], of the rules about colours alone: for a page that was judged by all of them, when nothing but
    /// its colours has changed since.
    #[must_use]
    pub fn barriers_of_colours(&self) -> Vec<String> {
        self.broken(OF_COLOURS)
    }

    fn broken(&self, rules: &str) -> Vec<String> {
        // Half a megabyte, once a page.
        if self.run("return typeof axe") == "undefined" {
            self.does("take axe-core", async {
                self.driver().execute(source(), Vec::new()).await?;
                Ok(())
            });
        }
        let script = format!(
            "const done = arguments[0];
             axe.run(document, {{ runOnly: {rules}, resultTypes: ['violations'] }})
                .then(result => done(result.violations), error => done([{{ id: String(error), nodes: [] }}]));"
        );
        let found = self.does("judge the page", async {
            Ok(self.driver().execute_async(script.as_str(), Vec::new()).await?.json().clone())
        });
        let rules = found.as_array().map(Vec::as_slice).unwrap_or_default();
        rules.iter().flat_map(lines).collect()
    }
}

fn lines(rule: &Value) -> Vec<String> {
    let name =
        format!("{} ({})", rule["id"].as_str().unwrap_or_default(), rule["impact"].as_str().unwrap_or("?"));
    let places = rule["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if places.is_empty() {
        return vec![name];
    }
    let line = |place: &Value| {
        let (html, why) = (place["html"].as_str(), place["failureSummary"].as_str());
        let text = format!("{name}: {} {}", html.unwrap_or_default(), why.unwrap_or_default());
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    places.iter().map(line).collect()
}

fn source() -> String {
    #[expect(clippy::disallowed_methods, reason = "set by `cargo xtask test`, not by people")]
    let given = std::env::var_os(VARIABLE);
    let tree =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/node_modules/axe-core/axe.min.js");
    let path = given.map_or(tree, PathBuf::from);
    fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("no axe-core at `{}`: {error}; `cargo xtask test` installs what is missing", path.display())
    })
}
