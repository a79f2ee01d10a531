//! Reading filters and paths, from left to right.

use super::filter::{Attribute, Filter, Literal, NotAFilter, Operator};
use super::{DEEPEST, LONGEST};

/// A text, and how far it is read.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// How many brackets are open.
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, NotAFilter> {
        if text.len() > LONGEST { Err(NotAFilter::TooLong) } else { Ok(Self { text, at: 0, depth: 0 }) }
    }

    /// Nothing but blanks is left.
    pub(super) fn end(&mut self) -> Result<(), NotAFilter> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// `FILTER`: `or` binds least, then `and`, then `not` (RFC 7644 §3.4.2.2).
    pub(super) fn filter(&mut self) -> Result<Filter, NotAFilter> {
        let mut any = vec![self.conjunction()?];
        while self.take_word("or") {
            any.push(self.conjunction()?);
        }
        Ok(joined(any, Filter::Any))
    }

    /// `attrPath`: with its URI, which may have dots and colons in it.
    pub(super) fn attribute(&mut self) -> Result<Attribute, NotAFilter> {
        self.skip_blanks();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '.' | ':');
        let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let whole = &self.rest()[..length];
        let (schema, path) = match whole.rsplit_once(':') {
            Some((schema, path)) => (Some(schema), path),
            None => (None, whole),
        };
        let (name, part) = match path.split_once('.') {
            // The version in a URI whose attribute is the last word: `…:2.0:User`.
            Some((name, part)) => (name, Some(part)),
            None => (path, None),
        };
        let is_fit = is_name_of_attribute(name)
            && part.is_none_or(is_name_of_attribute)
            && schema.is_none_or(|schema| !schema.is_empty());
        if !is_fit {
            return Err(self.expected("the name of an attribute"));
        }
        let lower = str::to_ascii_lowercase;
        let attribute = Attribute { schema: schema.map(lower), name: lower(name), part: part.map(lower) };
        self.at += length;
        Ok(attribute)
    }

    /// `[ … ]`, when it begins right here.
    pub(super) fn bracketed(&mut self) -> Result<Option<Filter>, NotAFilter> {
        if !self.take("[") {
            return Ok(None);
        }
        let filter = self.deeper(Self::filter)?;
        self.skip_blanks();
        if self.take("]") { Ok(Some(filter)) } else { Err(self.expected("`]`")) }
    }

    /// `.part`, when it begins right here.
    pub(super) fn part(&mut self) -> Result<Option<String>, NotAFilter> {
        if !self.take(".") {
            return Ok(None);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
        let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let part = &self.rest()[..length];
        if !is_name_of_attribute(part) {
            return Err(self.expected("the name of an attribute"));
        }
        let part = part.to_ascii_lowercase();
        self.at += length;
        Ok(Some(part))
    }

    fn conjunction(&mut self) -> Result<Filter, NotAFilter> {
        let mut all = vec![self.term()?];
        while self.take_word("and") {
            all.push(self.term()?);
        }
        Ok(joined(all, Filter::All))
    }

    fn term(&mut self) -> Result<Filter, NotAFilter> {
        self.skip_blanks();
        let before = self.at;
        let is_negated = self.take_word("not");
        self.skip_blanks();
        if self.take("(") {
            let filter = self.deeper(Self::filter)?;
            self.skip_blanks();
            if !self.take(")") {
                return Err(self.expected("`)`"));
            }
            return Ok(if is_negated { Filter::Not(Box::new(filter)) } else { filter });
        }
        // An attribute that is called `not`.
        self.at = before;
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Filter, NotAFilter> {
        let attribute = self.attribute()?;
        if let Some(filter) = self.bracketed()? {
            return Ok(Filter::Within { attribute, filter: Box::new(filter) });
        }
        if self.take_word("pr") {
            return Ok(Filter::Present(attribute));
        }
        let operator = Operator::ALL.into_iter().find(|operator| self.take_word(operator.as_str()));
        let operator = operator.ok_or_else(|| self.expected("an operator like `eq`"))?;
        let literal = self.literal()?;
        Ok(Filter::Compare { attribute, operator, literal })
    }

    /// `compValue`: a JSON value that has no parts (RFC 7159).
    fn literal(&mut self) -> Result<Literal, NotAFilter> {
        self.skip_blanks();
        if self.take("\"") {
            return self.text().map(Literal::Text);
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let length = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        let literal = match word {
            // Some clients write them as their own language does.
            _ if word.eq_ignore_ascii_case("true") => Literal::Truth(true),
            _ if word.eq_ignore_ascii_case("false") => Literal::Truth(false),
            "null" => Literal::Null,
            _ if is_number(word) => Literal::Number(word.to_owned()),
            _ => return Err(self.expected("a text in quotation marks, a number, `true`, `false` or `null`")),
        };
        self.at += length;
        Ok(literal)
    }

    /// The rest of a JSON text after its first quotation mark.
    fn text(&mut self) -> Result<String, NotAFilter> {
        let mut text = String::new();
        loop {
            let Some(character) = self.next() else { return Err(self.expected("`\"`")) };
            match character {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                control if control < ' ' => return Err(self.expected("no control character")),
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, NotAFilter> {
        let escape = self.next().ok_or_else(|| self.expected("what is escaped"))?;
        match escape {
            '"' | '\\' | '/' => Ok(escape),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'u' => self.code_point(),
            _ => Err(self.expected("an escape of JSON")),
        }
    }

    fn code_point(&mut self) -> Result<char, NotAFilter> {
        let first = self.four_digits()?;
        let code = match first {
            // The first half of a pair.
            0xd800..=0xdbff if self.take("\\u") => {
                let second = self.four_digits()?.wrapping_sub(0xdc00);
                if second >= 0x400 {
                    return Err(self.expected("the second half of a pair"));
                }
                0x1_0000 + ((first - 0xd800) << 10) + second
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.expected("a character"))
    }

    fn four_digits(&mut self) -> Result<u32, NotAFilter> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }

    /// Reads something within brackets.
    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Filter, NotAFilter>,
    ) -> Result<Filter, NotAFilter> {
        if self.depth == DEEPEST {
            return Err(NotAFilter::TooDeep);
        }
        self.depth += 1;
        let filter = read(self);
        self.depth -= 1;
        filter
    }

    /// Takes a word, whatever its case, when it stands here and ends here.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(found) = self.rest().get(..word.len()) else { return false };
        let is_over = |c: char| c == ' ' || c == '(' || c == '"' || c == ')' || c == ']';
        let ends = self.rest()[word.len()..].chars().next().is_none_or(is_over);
        let is_there = ends && found.eq_ignore_ascii_case(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_there = self.rest().starts_with(sign);
        if is_there {
            self.at += sign.len();
        }
        is_there
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn expected(&self, expected: &'static str) -> NotAFilter {
        NotAFilter::Syntax { at: self.at, expected }
    }
}

/// Several as one; one as it is.
fn joined(mut filters: Vec<Filter>, join: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    if filters.len() == 1 { filters.swap_remove(0) } else { join(filters) }
}

/// `ATTRNAME` (RFC 7643 §2.1), and `$ref`.
fn is_name_of_attribute(name: &str) -> bool {
    let letters = name.strip_prefix('$').unwrap_or(name);
    letters.starts_with(|c: char| c.is_ascii_alphabetic())
        && letters.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// A number of JSON (RFC 7159 §6), read more widely where it does no harm: none is ever counted with.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok()
}
