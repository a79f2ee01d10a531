//! The texts of mails that administrators write: a subject and a body with placeholders such as `{{ owner }}`.
//!
//! The language is minijinja's, cut down: placeholders, `{% if %}`, `{% for %}`, comments, and a few filters. A body with
//! HTML in it is HTML, whose placeholders are escaped; any other body is text, and becomes paragraphs. What a template can
//! take is bounded in length, steps and output, and it reaches nothing but the values that it is given.

mod html;
mod language;
#[cfg(test)]
mod tests;
mod texts;
mod values;

use std::fmt;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

use super::message::one_line;
pub use values::{TokenValues, Values};

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 300;
/// The longest body, in bytes.
const LONGEST_BODY: usize = 64 * 1024;
/// The longest that may become of a body, in bytes.
const LONGEST_OUTPUT: usize = 512 * 1024;
/// Steps of the interpreter: some thousands of tokens in a digest.
const FUEL: u64 = 200_000;

/// What a template is for, which decides over its placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One mail for one token.
    Token,
    /// One mail for several tokens of a person, in the list `tokens`.
    Digest,
}

/// A subject and a body that can be filled in.
#[derive(Clone)]
pub struct Template {
    kind: Kind,
    is_html: bool,
    environment: Arc<Environment<'static>>,
}

/// A mail's texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// A whole document.
    pub html: String,
    /// The same as text, with the addresses of its links.
    pub text: String,
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The body.
    Body,
}

/// Why a template is refused, or cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// There is nothing in it.
    #[error("the {part} is empty")]
    Empty {
        /// Of what.
        part: Part,
    },
    /// It is too long.
    #[error("the {part} is too long: {limit} at most")]
    TooLong {
        /// Of what.
        part: Part,
        /// How much is allowed.
        limit: &'static str,
    },
    /// A placeholder that does not exist.
    #[error("the {part} has no placeholder `{name}`{}; there are {}", at(*line), quoted(known))]
    Unknown {
        /// Of what.
        part: Part,
        /// The placeholder.
        name: String,
        /// Where, counted from 1, when it is known.
        line: Option<usize>,
        /// Those that exist there.
        known: Vec<&'static str>,
    },
    /// Something that templates may not do here.
    #[error("`{what}` is not allowed in the {part}{}; use placeholders, `if` and `for`", at(Some(*line)))]
    NotAllowed {
        /// Of what.
        part: Part,
        /// The word or sign.
        what: String,
        /// Where, counted from 1.
        line: usize,
    },
    /// It cannot be read.
    #[error("the {part} cannot be read{}: {reason}", at(*line))]
    Unreadable {
        /// Of what.
        part: Part,
        /// Where, counted from 1, when it is known.
        line: Option<usize>,
        /// What the parser says.
        reason: String,
    },
    /// It takes too many steps, or becomes too long.
    #[error(
        "the {part} becomes too long, or takes too long to fill in, when names are long and tokens are many"
    )]
    TooMuch {
        /// Of what.
        part: Part,
    },
    /// No text can be made of its HTML.
    #[error("no text can be made of the HTML of the body; make it simpler")]
    NoText,
}

impl TemplateFault {
    /// Which part is to be mended.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Empty { part }
            | Self::TooLong { part, .. }
            | Self::Unknown { part, .. }
            | Self::NotAllowed { part, .. }
            | Self::Unreadable { part, .. }
            | Self::TooMuch { part } => *part,
            Self::NoText => Part::Body,
        }
    }
}

impl Kind {
    /// The names of its placeholders, for a page.
    #[must_use]
    pub fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::Token => &language::OF_A_TOKEN_MAIL,
            Self::Digest => &language::OF_A_DIGEST,
        }
    }

    /// A subject that will do.
    #[must_use]
    pub fn default_subject(self) -> &'static str {
        match self {
            Self::Token => texts::TOKEN_SUBJECT,
            Self::Digest => texts::DIGEST_SUBJECT,
        }
    }

    /// A body that will do.
    #[must_use]
    pub fn default_body(self) -> &'static str {
        match self {
            Self::Token => texts::TOKEN_BODY,
            Self::Digest => texts::DIGEST_BODY,
        }
    }
}

impl Template {
    /// Reads a subject and a body, and fills them in once to see that they work.
    ///
    /// # Errors
    /// [`TemplateFault`]; a placeholder that does not exist is named, with those that do.
    pub fn parse(kind: Kind, subject: &str, body: &str) -> Result<Self, TemplateFault> {
        if subject.chars().count() > LONGEST_SUBJECT {
            return Err(TemplateFault::TooLong { part: Part::Subject, limit: "300 characters" });
        }
        if body.len() > LONGEST_BODY {
            return Err(TemplateFault::TooLong { part: Part::Body, limit: "64 KiB" });
        }
        for (part, source) in [(Part::Subject, subject), (Part::Body, body)] {
            if source.trim().is_empty() {
                return Err(TemplateFault::Empty { part });
            }
            language::check(part, source)?;
        }
        let is_html = html::is_html(body);
        let mut environment = environment(is_html);
        for (part, source) in [(Part::Subject, subject), (Part::Body, body)] {
            environment
                .add_template_owned(part.name(), source.to_owned())
                .map_err(|error| unreadable(part, &error))?;
        }
        for part in [Part::Subject, Part::Body] {
            let template = environment.get_template(part.name()).map_err(|error| unreadable(part, &error))?;
            let mut unknown: Vec<_> = template
                .undeclared_variables(false)
                .into_iter()
                .filter(|name| !kind.placeholders().contains(&name.as_str()))
                .collect();
            unknown.sort();
            if let Some(name) = unknown.into_iter().next() {
                let line = language::line_of(template.source(), &name);
                return Err(TemplateFault::Unknown { part, name, line, known: kind.placeholders().to_vec() });
            }
        }
        let template = Self { kind, is_html, environment: Arc::new(environment) };
        template.render(&Values::sample())?;
        Ok(template)
    }

    /// Fills it in with the largest values that there can be, and with the smallest: a text that is good for the two tokens
    /// of a preview may be too long for a digest of many.
    ///
    /// # Errors
    /// [`TemplateFault`]: so it would be on the night on which somebody has them.
    pub fn endures(&self) -> Result<(), TemplateFault> {
        for values in [Values::largest(self.is_html), Values::smallest()] {
            self.render(&values)?;
        }
        Ok(())
    }

    /// Fills it in.
    ///
    /// # Errors
    /// [`TemplateFault`] when these values make too much of it.
    pub fn render(&self, values: &Values) -> Result<Rendered, TemplateFault> {
        let context = values.context(self.kind);
        let subject = one_line(&self.fill(Part::Subject, &context)?);
        let body = self.fill(Part::Body, &context)?;
        if self.is_html {
            let text = html::to_text(&body)?;
            Ok(Rendered { subject, html: html::whole(&body), text })
        } else {
            let text = body.replace("\r\n", "\n").trim_end().to_owned() + "\n";
            Ok(Rendered { subject, html: html::of_text(&text), text })
        }
    }

    fn fill(&self, part: Part, context: &Value) -> Result<String, TemplateFault> {
        let template =
            self.environment.get_template(part.name()).map_err(|error| unreadable(part, &error))?;
        let mut output = Bounded(Vec::new());
        let rendered = template.render_captured_to(context.clone(), &mut output).map(drop);
        rendered.map_err(|error| match error.kind() {
            ErrorKind::OutOfFuel | ErrorKind::WriteFailure => TemplateFault::TooMuch { part },
            _ => unreadable(part, &error),
        })?;
        String::from_utf8(output.0).map_err(|_| TemplateFault::TooMuch { part })
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Template").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Part {
    /// The word in a form and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Body => "body",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Nothing but what is named here: no includes, no functions, no filter that could mark a text as safe.
fn environment(is_html: bool) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_auto_escape_callback(move |name| {
        if is_html && name == Part::Body.name() { AutoEscape::Html } else { AutoEscape::None }
    });
    // As minijinja does it, but a slash stays one: links stay readable in the source, which some filters look at.
    environment.set_formatter(|out, state, value| match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) => Ok(out.write_str(&html::escaped(text))?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment
}

fn unreadable(part: Part, error: &minijinja::Error) -> TemplateFault {
    let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    TemplateFault::Unreadable { part, line: error.line(), reason }
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_OUTPUT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
