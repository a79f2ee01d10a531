//! What the outline of a template shows of its phases, tasks and variables.

use patgate_core::policy::notification::length_in_page;
use patgate_core::release::{Phase, Release, Task, TaskKind, Variable};
use patgate_store::StoredRelease;

use super::change::Part;
use super::value::kind_name;
use crate::pages::beginning::beginning;
use crate::pages::releases::one::VariableRow;
use crate::pages::releases::row::IN_RELEASE;
use crate::pages::releases::template_path;

/// The most phases and tasks of a page, together.
pub(super) const PARTS: usize = 15;
/// The most variables.
pub(super) const VARIABLES: usize = 8;
/// As many lines of a script stand there.
const LINES: usize = 8;
/// As many bytes of a page are for scripts, and as many for one of them.
const OF_SCRIPTS: usize = 6_000;
const OF_SCRIPT: usize = 1_000;
/// As many bytes of a title are for who does not see which row a button stands in.
const SPOKEN: usize = 60;

/// A phase, or the rest of one that began on the page before.
pub(super) struct PhaseLine {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) title: String,
    pub(super) movers: Movers,
    pub(super) tasks: Vec<TaskLine>,
    /// Whether it has no tasks, here or elsewhere.
    pub(super) is_empty: bool,
}

/// A task.
pub(super) struct TaskLine {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) title: String,
    pub(super) is_gate: bool,
    /// The beginning of its script.
    pub(super) script: String,
    pub(super) movers: Movers,
}

/// A variable.
pub(super) struct VariableLine {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) value: String,
    pub(super) show_on_release_start: bool,
    pub(super) requires_value: bool,
    pub(super) movers: Movers,
}

/// The buttons that move something.
pub(super) struct Movers {
    /// What they name it by.
    pub(super) id: String,
    /// What it is called for who does not see where they stand.
    pub(super) title: String,
    /// Whether there is something before it, and behind it.
    pub(super) up: bool,
    pub(super) down: bool,
}

/// A phase or a task, with the number of its phase and its own.
enum Row<'r> {
    Phase(usize, &'r Phase),
    Task(usize, &'r Phase, usize, &'r Task),
}

/// All phases and tasks, in their order.
fn rows(template: &Release) -> impl Iterator<Item = Row<'_>> {
    template.phases.iter().enumerate().flat_map(|(of, phase)| {
        let tasks = phase.tasks.iter().enumerate().map(move |(at, task)| Row::Task(of, phase, at, task));
        std::iter::once(Row::Phase(of, phase)).chain(tasks)
    })
}

/// How many phases and tasks, or variables, stand before the page that has this part.
pub(super) fn page_of(template: &Release, part: &Part) -> usize {
    let (at, most) = match part {
        Part::Variable(id) => (template.variables.iter().position(|known| known.id == *id), VARIABLES),
        Part::Phase(id) => {
            (rows(template).position(|row| matches!(row, Row::Phase(_, phase) if phase.id == *id)), PARTS)
        }
        Part::Task(id) => {
            (rows(template).position(|row| matches!(row, Row::Task(_, _, _, task) if task.id == *id)), PARTS)
        }
    };
    at.unwrap_or_default() / most * most
}

impl PhaseLine {
    /// So many phases and tasks behind the first `from`, and whether there are more.
    pub(super) fn page(template: &Release, from: usize) -> (Vec<Self>, bool) {
        let mut left = rows(template).skip(from);
        let shown: Vec<_> = left.by_ref().take(PARTS).collect();
        let scripts = shown.iter().filter(|row| matches!(row, Row::Task(..))).count();
        let room = (OF_SCRIPTS / scripts.max(1)).min(OF_SCRIPT);
        let mut lines: Vec<Self> = Vec::new();
        for row in &shown {
            let (Row::Phase(of, phase) | Row::Task(of, phase, ..)) = *row;
            if lines.last().is_none_or(|last| last.id != phase.id.as_str()) {
                lines.push(Self::new(template, of, phase));
            }
            if let (Row::Task(_, _, at, task), Some(line)) = (row, lines.last_mut()) {
                line.tasks.push(TaskLine::new(template, (of, *at), task, room));
            }
        }
        (lines, left.next().is_some())
    }

    fn new(template: &Release, of: usize, phase: &Phase) -> Self {
        let id = phase.id.as_str();
        Self {
            id: id.to_owned(),
            path: format!("{}/phases/{id}", template_path(&template.id)),
            title: beginning(&phase.title, IN_RELEASE),
            movers: Movers::new(id, &phase.title, of > 0, of + 1 < template.phases.len()),
            tasks: Vec::new(),
            is_empty: phase.tasks.is_empty(),
        }
    }
}

impl TaskLine {
    fn new(template: &Release, (of, at): (usize, usize), task: &Task, room: usize) -> Self {
        let id = task.id.as_str();
        let is_last = at + 1 == template.phases[of].tasks.len() && of + 1 == template.phases.len();
        Self {
            id: id.to_owned(),
            path: format!("{}/tasks/{id}", template_path(&template.id)),
            title: beginning(&task.title, IN_RELEASE),
            is_gate: matches!(task.kind, TaskKind::Gate),
            script: match &task.kind {
                TaskKind::Script { script } => glimpse(script, room),
                TaskKind::Gate => String::new(),
            },
            movers: Movers::new(id, &task.title, of + at > 0, !is_last),
        }
    }
}

impl VariableLine {
    /// So many variables behind the first `from`, and whether there are more.
    pub(super) fn page(stored: &StoredRelease, from: usize) -> (Vec<Self>, bool) {
        let variables = &stored.release.variables;
        let line = |(at, variable)| Self::new(stored, at, variable);
        let lines = variables.iter().enumerate().skip(from).take(VARIABLES).map(line);
        (lines.collect(), variables.len() > from.saturating_add(VARIABLES))
    }

    fn new(stored: &StoredRelease, at: usize, variable: &Variable) -> Self {
        let id = variable.id.as_str();
        let VariableRow { name, value } = VariableRow::new(stored, variable);
        Self {
            id: id.to_owned(),
            path: format!("{}/variables/{id}", template_path(&stored.release.id)),
            kind: kind_name(variable.kind),
            value,
            show_on_release_start: variable.show_on_release_start,
            requires_value: variable.requires_value,
            movers: Movers::new(id, &name, at > 0, at + 1 < stored.release.variables.len()),
            name,
        }
    }
}

impl Movers {
    fn new(id: &str, title: &str, up: bool, down: bool) -> Self {
        Self { id: id.to_owned(), title: beginning(title, SPOKEN), up, down }
    }
}

/// The first lines of a script, with so many bytes in a page at most, and an ellipsis when that is not all.
fn glimpse(script: &str, most: usize) -> String {
    let script = script.trim_end();
    let end = script.match_indices('\n').nth(LINES - 1).map_or(script.len(), |(end, _)| end);
    let lines = &script[..end];
    let is_cut = end < script.len() && lines.chars().map(length_in_page).sum::<usize>() <= most;
    let shown = beginning(lines, most);
    if is_cut { format!("{shown}\n…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_script_stand_the_first_lines_as_far_as_there_is_room() {
        let lines = |count: usize| vec!["x"; count].join("\n");
        for (script, most, shown) in [
            (String::new(), 100, String::new()),
            ("print(1)\n\n".to_owned(), 100, "print(1)".to_owned()),
            (lines(LINES), 100, lines(LINES)),
            (lines(LINES + 1), 100, format!("{}\n…", lines(LINES))),
            (lines(LINES + 1), 3, "x\nx…".to_owned()),
            ("a<b".to_owned(), 6, "a<…".to_owned()),
        ] {
            assert_eq!(glimpse(&script, most), shown, "{script} {most}");
        }
    }
}
