//! Filters of SCIM as conditions of a statement.
//!
//! An attribute that is not kept has no value: nothing equals it. What cannot be compared so is refused, as RFC 7644
//! §3.4.2.2 wants it.

use jiff::Timestamp;
use patgate_core::scim::{Attribute, Filter, Literal, Operator};
use sea_orm::sea_query::{Expr, ExprTrait, Func};

use super::places::{Many, Place, of_group, of_user};

/// Which users are meant.
#[derive(Clone, Debug)]
pub struct UserCondition(pub(super) Expr);

/// Which groups are meant.
#[derive(Clone, Debug)]
pub struct GroupCondition(pub(super) Expr);

/// Why a filter cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{attribute}` cannot be compared by `{operator}` with {literal}")]
pub struct Unanswerable {
    attribute: String,
    operator: &'static str,
    literal: String,
}

impl UserCondition {
    /// All users, or those whom a filter means.
    ///
    /// # Errors
    /// [`Unanswerable`].
    pub fn of(filter: Option<&Filter>) -> Result<Self, Unanswerable> {
        filter.map_or(Ok(always(true)), |filter| condition(filter, &of_user)).map(Self)
    }
}

impl GroupCondition {
    /// All groups, or those that a filter means.
    ///
    /// # Errors
    /// [`Unanswerable`].
    pub fn of(filter: Option<&Filter>) -> Result<Self, Unanswerable> {
        filter.map_or(Ok(always(true)), |filter| condition(filter, &of_group)).map(Self)
    }
}

fn condition(filter: &Filter, place: &dyn Fn(&Attribute) -> Place) -> Result<Expr, Unanswerable> {
    let each = |filters: &[Filter], join: fn(Expr, Expr) -> Expr| {
        let mut conditions = filters.iter().map(|filter| condition(filter, place));
        let first = conditions.next().unwrap_or(Ok(always(true)))?;
        conditions.try_fold(first, |all, next| Ok(join(all, next?)))
    };
    match filter {
        Filter::All(filters) => each(filters, |all, next| all.and(next)),
        Filter::Any(filters) => each(filters, |any, next| any.or(next)),
        Filter::Not(filter) => Ok(condition(filter, place)?.not()),
        Filter::Present(attribute) => Ok(present(place(attribute))),
        Filter::Compare { attribute, operator, literal } => compare(place(attribute), *operator, literal)
            .ok_or_else(|| Unanswerable {
                attribute: attribute.to_string(),
                operator: operator.as_str(),
                literal: literal.to_string(),
            }),
        Filter::Within { attribute, filter } => within(place, attribute, filter),
    }
}

/// `emails[…]`: one value of an attribute fits. Of an address there is one, so its parts are those of the row.
fn within(
    place: &dyn Fn(&Attribute) -> Place,
    attribute: &Attribute,
    filter: &Filter,
) -> Result<Expr, Unanswerable> {
    let part = |inner: &Attribute| Attribute { part: Some(inner.name.clone()), ..attribute.clone() };
    match place(attribute) {
        Place::Many(many) => {
            let inner = condition(filter, &|inner| (many.part)(&inner.name))?;
            Ok(exists(&many, inner))
        }
        whole => Ok(present(whole).and(condition(filter, &|inner| place(&part(inner)))?)),
    }
}

fn present(place: Place) -> Expr {
    match place {
        Place::Text { column, .. } => column.ne(""),
        Place::Id(_) | Place::Truth(_) | Place::Time(_) => always(true),
        Place::Constant { is_there, .. } => is_there,
        Place::Many(many) => exists(&many, always(true)),
        Place::Nowhere => always(false),
    }
}

/// `None`: not in this way.
fn compare(place: Place, operator: Operator, literal: &Literal) -> Option<Expr> {
    if *literal == Literal::Null {
        return match operator {
            Operator::Equal => Some(present(place).not()),
            Operator::NotEqual => Some(present(place)),
            _ => None,
        };
    }
    match place {
        Place::Text { column, is_folded } => {
            let Literal::Text(text) = literal else { return None };
            let text = if is_folded { text.to_lowercase() } else { text.clone() };
            Some(compare_text(column, operator, text))
        }
        Place::Id(column) => {
            let Literal::Text(text) = literal else { return None };
            let id = text.parse::<patgate_core::identifier::UserId>().ok().map(|id| id.as_i64());
            equality(operator, id.map_or(always(false), |id| column.eq(id)))
        }
        Place::Truth(truth) => {
            let wanted = match literal {
                Literal::Truth(wanted) => *wanted,
                Literal::Text(text) => text.to_lowercase().parse().ok()?,
                Literal::Number(_) | Literal::Null => return None,
            };
            equality(operator, if wanted { truth } else { truth.not() })
        }
        Place::Time(column) => {
            let Literal::Text(text) = literal else { return None };
            compare_number(column, operator, text.parse::<Timestamp>().ok()?.as_millisecond())
        }
        Place::Constant { text: constant, is_there } => {
            let is_equal = match literal {
                Literal::Text(text) => text.eq_ignore_ascii_case(constant),
                Literal::Truth(truth) => truth.to_string() == constant,
                Literal::Number(_) | Literal::Null => return None,
            };
            equality(operator, always(is_equal)).map(|fits| fits.and(is_there))
        }
        Place::Many(many) => {
            let fits = compare((many.part)("value"), operator, literal)?;
            Some(exists(&many, fits))
        }
        Place::Nowhere => Some(always(operator == Operator::NotEqual)),
    }
}

/// Without patterns, in which signs have meanings and SQLite forgets about case.
fn compare_text(column: Expr, operator: Operator, text: String) -> Expr {
    // PostgreSQL counts the letters of a text in 32 bits.
    let length = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
    let part = |from: Expr| Func::cust("substr").args([column.clone(), from, Expr::val(length)]);
    match operator {
        Operator::Contains | Operator::StartsWith | Operator::EndsWith if text.is_empty() => column.ne(""),
        Operator::Equal => column.eq(text),
        Operator::NotEqual => column.ne(text),
        Operator::Contains => {
            let without = Func::cust("replace").args([column.clone(), Expr::val(text), Expr::val("")]);
            Expr::from(without).ne(column)
        }
        Operator::StartsWith => Expr::from(part(Expr::val(1_i32))).eq(text),
        Operator::EndsWith => {
            let whole = Expr::from(Func::cust("length").arg(column.clone()));
            let tail = Expr::from(part(whole.clone().sub(length).add(1_i32)));
            whole.gte(length).and(tail.eq(text))
        }
        Operator::Greater => column.gt(text),
        Operator::GreaterOrEqual => column.gte(text),
        Operator::Less => column.lt(text),
        Operator::LessOrEqual => column.lte(text),
    }
}

fn compare_number(column: Expr, operator: Operator, number: i64) -> Option<Expr> {
    match operator {
        Operator::Equal => Some(column.eq(number)),
        Operator::NotEqual => Some(column.ne(number)),
        Operator::Greater => Some(column.gt(number)),
        Operator::GreaterOrEqual => Some(column.gte(number)),
        Operator::Less => Some(column.lt(number)),
        Operator::LessOrEqual => Some(column.lte(number)),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => None,
    }
}

/// What can be equal or not, and nothing else (RFC 7644 §3.4.2.2 on Booleans).
fn equality(operator: Operator, is_equal: Expr) -> Option<Expr> {
    match operator {
        Operator::Equal => Some(is_equal),
        Operator::NotEqual => Some(is_equal.not()),
        _ => None,
    }
}

fn exists(many: &Many, condition: Expr) -> Expr {
    Expr::exists(many.rows.clone().and_where(condition).take())
}

/// A condition that looks at nothing, in the words of both databases.
pub(super) fn always(truth: bool) -> Expr {
    Expr::val(1_i64).eq(i64::from(truth))
}
