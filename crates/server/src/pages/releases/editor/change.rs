//! What a template becomes when a part of it is put in, changed, moved or taken out.

use std::str::FromStr;

use patgate_core::release::{NotAReleaseId, PhaseId, Release, TaskId, VariableId};

use crate::service::releases::{PhaseDraft, ReleaseDraft, TaskDraft, VariableDraft};

/// A part of a template that has a page of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A phase.
    Phase(PhaseId),
    /// A task.
    Task(TaskId),
    /// A variable.
    Variable(VariableId),
}

/// Where something is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Before what stands before it.
    Up,
    /// Behind what stands behind it.
    Down,
}

impl Part {
    /// Its name, which marks its row in the outline.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Phase(id) => id.as_str(),
            Self::Task(id) => id.as_str(),
            Self::Variable(id) => id.as_str(),
        }
    }

    /// Its address below that of the template.
    pub(super) fn below(&self) -> String {
        let folder = match self {
            Self::Phase(_) => "phases",
            Self::Task(_) => "tasks",
            Self::Variable(_) => "variables",
        };
        format!("{folder}/{}", self.as_str())
    }

    /// What people call it; `None` when it is not in this template.
    pub(super) fn title<'r>(&self, template: &'r Release) -> Option<&'r str> {
        match self {
            Self::Phase(id) => {
                let phase = template.phases.iter().find(|phase| phase.id == *id);
                phase.map(|phase| phase.title.as_str())
            }
            Self::Task(id) => template.task(id).map(|(_, task)| task.title.as_str()),
            Self::Variable(id) => {
                let variable = template.variables.iter().find(|variable| variable.id == *id)?;
                Some(variable.name())
            }
        }
    }
}

impl From<PhaseId> for Part {
    fn from(id: PhaseId) -> Self {
        Self::Phase(id)
    }
}

impl From<TaskId> for Part {
    fn from(id: TaskId) -> Self {
        Self::Task(id)
    }
}

impl From<VariableId> for Part {
    fn from(id: VariableId) -> Self {
        Self::Variable(id)
    }
}

impl FromStr for Part {
    type Err = NotAReleaseId;

    fn from_str(text: &str) -> Result<Self, NotAReleaseId> {
        let phase = text.parse().map(Self::Phase);
        phase.or_else(|_| text.parse().map(Self::Task)).or_else(|_| text.parse().map(Self::Variable))
    }
}

/// With a part moved by one place; `None` when nothing stands there. A task at the end of its phase goes into the next one.
pub(super) fn moved(template: &Release, part: &Part, way: Way) -> Option<ReleaseDraft> {
    match part {
        Part::Variable(id) => {
            let mut variables = variables(template);
            let at = variables.iter().position(|variable| variable.id.as_ref() == Some(id))?;
            swap(&mut variables, at, way)?;
            Some(of_variables(variables))
        }
        Part::Phase(id) => {
            let mut phases = phases(template);
            let at = phases.iter().position(|phase| phase.id.as_ref() == Some(id))?;
            swap(&mut phases, at, way)?;
            Some(of_phases(phases))
        }
        Part::Task(id) => {
            let mut phases = phases(template);
            let place = |phase: &PhaseDraft| phase.tasks.iter().position(|task| task.id.as_ref() == Some(id));
            let (of, at) = phases.iter().enumerate().find_map(|(of, phase)| Some((of, place(phase)?)))?;
            if swap(&mut phases[of].tasks, at, way).is_none() {
                let next = beside(of, way, phases.len())?;
                let task = phases[of].tasks.remove(at);
                match way {
                    Way::Up => phases[next].tasks.push(task),
                    Way::Down => phases[next].tasks.insert(0, task),
                }
            }
            Some(of_phases(phases))
        }
    }
}

/// Without a part, and what is in it.
pub(super) fn without(template: &Release, part: &Part) -> ReleaseDraft {
    match part {
        Part::Variable(id) => {
            let mut variables = variables(template);
            variables.retain(|variable| variable.id.as_ref() != Some(id));
            of_variables(variables)
        }
        Part::Phase(id) => {
            let mut phases = phases(template);
            phases.retain(|phase| phase.id.as_ref() != Some(id));
            of_phases(phases)
        }
        Part::Task(id) => {
            let mut phases = phases(template);
            for phase in &mut phases {
                phase.tasks.retain(|task| task.id.as_ref() != Some(id));
            }
            of_phases(phases)
        }
    }
}

/// With a phase more, at the end.
pub(super) fn with_new_phase(template: &Release, phase: PhaseDraft) -> ReleaseDraft {
    let mut phases = phases(template);
    phases.push(phase);
    of_phases(phases)
}

/// With a phase that is changed.
pub(super) fn with_phase(
    template: &Release,
    id: &PhaseId,
    change: impl FnOnce(&mut PhaseDraft),
) -> ReleaseDraft {
    let mut phases = phases(template);
    if let Some(phase) = phases.iter_mut().find(|phase| phase.id.as_ref() == Some(id)) {
        change(phase);
    }
    of_phases(phases)
}

/// With a task that is changed.
pub(super) fn with_task(
    template: &Release,
    id: &TaskId,
    change: impl FnOnce(&mut TaskDraft),
) -> ReleaseDraft {
    let mut phases = phases(template);
    let mut tasks = phases.iter_mut().flat_map(|phase| &mut phase.tasks);
    if let Some(task) = tasks.find(|task| task.id.as_ref() == Some(id)) {
        change(task);
    }
    of_phases(phases)
}

/// With a variable more, at the end.
pub(super) fn with_new_variable(template: &Release, variable: VariableDraft) -> ReleaseDraft {
    let mut variables = variables(template);
    variables.push(variable);
    of_variables(variables)
}

/// With another variable in the place of one.
pub(super) fn with_variable(template: &Release, id: &VariableId, variable: VariableDraft) -> ReleaseDraft {
    let mut variables = variables(template);
    if let Some(known) = variables.iter_mut().find(|known| known.id.as_ref() == Some(id)) {
        *known = variable;
    }
    of_variables(variables)
}

/// The place beside one.
fn beside(at: usize, way: Way, count: usize) -> Option<usize> {
    match way {
        Way::Up => at.checked_sub(1),
        Way::Down => Some(at + 1).filter(|next| *next < count),
    }
}

fn swap<T>(list: &mut [T], at: usize, way: Way) -> Option<()> {
    let next = beside(at, way, list.len())?;
    list.swap(at, next);
    Some(())
}

fn phases(template: &Release) -> Vec<PhaseDraft> {
    template.phases.iter().map(PhaseDraft::from).collect()
}

fn variables(template: &Release) -> Vec<VariableDraft> {
    template.variables.iter().map(VariableDraft::from).collect()
}

fn of_phases(phases: Vec<PhaseDraft>) -> ReleaseDraft {
    ReleaseDraft { phases: Some(phases), ..ReleaseDraft::default() }
}

fn of_variables(variables: Vec<VariableDraft>) -> ReleaseDraft {
    ReleaseDraft { variables: Some(variables), ..ReleaseDraft::default() }
}

#[cfg(test)]
mod tests {
    use patgate_core::release::{ReleaseStatus, TaskKind, Variable};

    use super::*;
    use crate::service::releases::example::planned;

    /// Two phases with tasks, one without, and two variables.
    fn template() -> Release {
        let gates = |count| vec![TaskKind::Gate; count];
        let variable = |id: &str| {
            let variable = serde_json::json!({ "id": id, "key": id, "kind": "text" });
            serde_json::from_value::<Variable>(variable).unwrap()
        };
        let variables = ["Variable1", "Variable2"].map(variable).to_vec();
        Release { status: ReleaseStatus::Template, variables, ..planned([gates(2), gates(1), gates(0)]) }
    }

    /// The names in it, in their order.
    fn names(draft: &ReleaseDraft) -> String {
        let mut names = Vec::new();
        for phase in draft.phases.iter().flatten() {
            names.push(phase.id.as_ref().unwrap().as_str());
            names.extend(phase.tasks.iter().map(|task| task.id.as_ref().unwrap().as_str()));
        }
        names.extend(draft.variables.iter().flatten().map(|known| known.id.as_ref().unwrap().as_str()));
        names.join(" ")
    }

    #[test]
    fn a_part_is_moved_by_one_place_and_a_task_from_phase_to_phase() {
        for (part, up, down) in [
            ("Task1", None, Some("Phase1 Task2 Task1 Phase2 Task3 Phase3")),
            (
                "Task2",
                Some("Phase1 Task2 Task1 Phase2 Task3 Phase3"),
                Some("Phase1 Task1 Phase2 Task2 Task3 Phase3"),
            ),
            (
                "Task3",
                Some("Phase1 Task1 Task2 Task3 Phase2 Phase3"),
                Some("Phase1 Task1 Task2 Phase2 Phase3 Task3"),
            ),
            ("Phase1", None, Some("Phase2 Task3 Phase1 Task1 Task2 Phase3")),
            ("Phase3", Some("Phase1 Task1 Task2 Phase3 Phase2 Task3"), None),
            ("Variable1", None, Some("Variable2 Variable1")),
            ("Variable2", Some("Variable2 Variable1"), None),
            ("Task9", None, None),
        ] {
            let moved = |way| moved(&template(), &part.parse().unwrap(), way).as_ref().map(names);
            assert_eq!((moved(Way::Up).as_deref(), moved(Way::Down).as_deref()), (up, down), "{part}");
        }
    }

    #[test]
    fn what_is_taken_out_takes_along_what_is_in_it() {
        for (part, rest) in [
            ("Phase1", "Phase2 Task3 Phase3"),
            ("Task3", "Phase1 Task1 Task2 Phase2 Phase3"),
            ("Variable1", "Variable2"),
            ("Phase9", "Phase1 Task1 Task2 Phase2 Task3 Phase3"),
        ] {
            assert_eq!(names(&without(&template(), &part.parse().unwrap())), rest, "{part}");
        }
    }
}
