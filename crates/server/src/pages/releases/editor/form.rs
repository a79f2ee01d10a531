//! The form of a template: as it is stored, as it was typed, and with something added, moved or deleted.

use patgate_core::identifier::UserId;
use patgate_core::release::{LONGEST_TITLE, Phase, Task, TaskKind, check_description, check_title};
use patgate_store::StoredRelease;

use super::credential;
use super::variable::VariableForm;
use crate::pages::form::{Fault, sentence};
use crate::pages::{Field, Fields};
use crate::script::{CheckFailed, Workers};
use crate::service::releases::{PhaseDraft, ReleaseDraft, TaskDraft, check_script};

/// The form.
pub(in crate::pages::releases) struct Form {
    pub(in crate::pages::releases) title: Field,
    pub(in crate::pages::releases) description: Field,
    pub(in crate::pages::releases) abort_on_failure: bool,
    pub(in crate::pages::releases) variables: Vec<VariableForm>,
    pub(in crate::pages::releases) phases: Vec<PhaseForm>,
}

/// A phase of it.
pub(in crate::pages::releases) struct PhaseForm {
    pub(in crate::pages::releases) prefix: String,
    /// Its place, from 0.
    pub(in crate::pages::releases) at: usize,
    pub(in crate::pages::releases) id: String,
    pub(in crate::pages::releases) title: String,
    pub(in crate::pages::releases) tasks: Vec<TaskForm>,
    /// What is wrong with its title.
    pub(in crate::pages::releases) error: Option<String>,
    description: String,
}

/// A task of it.
pub(in crate::pages::releases) struct TaskForm {
    pub(in crate::pages::releases) prefix: String,
    /// The place of its phase and its own, from 0, as buttons name it.
    pub(in crate::pages::releases) place: String,
    pub(in crate::pages::releases) id: String,
    pub(in crate::pages::releases) title: String,
    pub(in crate::pages::releases) is_gate: bool,
    pub(in crate::pages::releases) script: String,
    pub(in crate::pages::releases) restarts: bool,
    /// What is wrong with its title.
    pub(in crate::pages::releases) title_error: Option<String>,
    /// What is wrong with its script.
    pub(in crate::pages::releases) error: Option<String>,
    description: String,
}

impl Form {
    /// As it is stored.
    pub(super) fn of(stored: &StoredRelease) -> Self {
        let release = &stored.release;
        let variables = release.variables.iter().enumerate();
        Self {
            variables: variables.map(|(at, variable)| VariableForm::of(at, stored, variable)).collect(),
            phases: release.phases.iter().map(PhaseForm::of).collect(),
            abort_on_failure: release.abort_on_failure,
            ..Self::with(&release.title, &release.description)
        }
        .placed()
    }

    /// A new one: a phase with a script, to begin with.
    pub(super) fn empty() -> Self {
        let task = TaskForm { title: "Script".to_owned(), ..TaskForm::empty(false) };
        let phase = PhaseForm { title: "Phase 1".to_owned(), tasks: vec![task], ..PhaseForm::empty() };
        Self { phases: vec![phase], ..Self::with("", "") }.placed()
    }

    /// As it was typed.
    pub(super) fn of_fields(fields: &Fields) -> Self {
        Self {
            variables: (0..).map_while(|at| VariableForm::of_fields(at, fields)).collect(),
            phases: (0..).map_while(|at| PhaseForm::of_fields(at, fields)).collect(),
            abort_on_failure: fields.has("abort-on-failure"),
            ..Self::with(fields.text("title"), &fields.secret("description").replace("\r\n", "\n"))
        }
        .placed()
    }

    /// Puts the values of variables that did not come back after a log-in as they are stored: no address holds them.
    pub(super) fn restore(&mut self, query: &Fields, stored: Option<&StoredRelease>) {
        let Some(stored) = stored else { return };
        for (at, form) in self.variables.iter_mut().enumerate() {
            let mut variables = stored.release.variables.iter();
            let same = variables.find(|known| known.id.as_str() == form.id && known.kind == form.kind);
            if let Some(same) = same.filter(|_| !query.has(&form.named("value"))) {
                form.value = VariableForm::of(at, stored, same).value;
            }
        }
    }

    /// Does what a button says: `add-phase`, `add-script-0`, `up-task-0-1`, … Whether it said anything.
    pub(super) fn edit(&mut self, act: &str) -> bool {
        let numbers: Vec<usize> = act.split('-').filter_map(|part| part.parse().ok()).collect();
        let word = act.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
        match (word, numbers.as_slice()) {
            ("add-phase", []) => {
                let title = format!("Phase {}", self.phases.len() + 1);
                self.phases.push(PhaseForm { title, ..PhaseForm::empty() });
            }
            ("add-variable", []) => self.variables.push(VariableForm::empty()),
            ("add-script", [phase]) => self.add(*phase, TaskForm::empty(false)),
            ("add-gate", [phase]) => self.add(*phase, TaskForm::empty(true)),
            ("up-phase", [at]) => swap(&mut self.phases, at.checked_sub(1)),
            ("down-phase", [at]) => swap(&mut self.phases, Some(*at)),
            ("delete-phase", [at]) => remove(&mut self.phases, *at),
            ("delete-variable", [at]) => remove(&mut self.variables, *at),
            ("up-task" | "down-task" | "delete-task", [phase, at]) => {
                if let Some(phase) = self.phases.get_mut(*phase) {
                    match word {
                        "up-task" => swap(&mut phase.tasks, at.checked_sub(1)),
                        "down-task" => swap(&mut phase.tasks, Some(*at)),
                        _ => remove(&mut phase.tasks, *at),
                    }
                }
            }
            _ => return false,
        }
        self.place();
        true
    }

    /// Looks whether all scripts that somebody saves can be read; what is wrong stands beside them then.
    pub(super) async fn check(&mut self, workers: &Workers, whose: UserId) {
        for task in self.phases.iter_mut().flat_map(|phase| &mut phase.tasks).filter(|task| !task.is_gate) {
            task.error = match check_script(workers, whose, &task.script).await {
                Ok(()) => None,
                Err(CheckFailed::Syntax(fault)) => {
                    Some(format!("Line {}, column {}: {}", fault.line, fault.column, fault.message))
                }
                Err(CheckFailed::NotChecked(failure)) => Some(failure.to_string()),
            };
        }
    }

    /// What is described; `None`, and what is wrong beside the fields, when that cannot be saved.
    pub(super) fn draft(&mut self, fields: &Fields) -> Option<ReleaseDraft> {
        self.title.error = title_fault(&self.title.value);
        self.description.error = check_description(&self.description.value).err().as_ref().map(sentence);
        for phase in &mut self.phases {
            phase.error = title_fault(&phase.title);
            for task in &mut phase.tasks {
                task.title_error = title_fault(&task.title);
            }
        }
        let variables: Vec<_> = self.variables.iter_mut().map(VariableForm::draft).collect();
        let variables = variables.into_iter().collect::<Option<Vec<_>>>();
        if !self.faults().is_empty() {
            return None;
        }
        Some(ReleaseDraft {
            title: Some(self.title.value.clone()),
            description: Some(self.description.value.clone()),
            tags: None,
            abort_on_failure: Some(self.abort_on_failure),
            phases: Some(self.phases.iter().map(PhaseForm::draft).collect()),
            variables: Some(variables?),
            credential: credential::draft(fields),
        })
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Fault::of([&self.title, &self.description]);
        for variable in &self.variables {
            if let Some(error) = &variable.error {
                let text = format!("{}: {error}", variable.shown_name());
                faults.push(Fault { field: format!("{}-key", variable.prefix), text });
            }
        }
        for phase in &self.phases {
            let title = phase.shown_title();
            faults.extend(fault(&phase.prefix, "title", title, phase.error.as_deref()));
            for task in &phase.tasks {
                let title = task.shown_title();
                faults.extend(fault(&task.prefix, "title", title, task.title_error.as_deref()));
                faults.extend(fault(&task.prefix, "script", title, task.error.as_deref()));
            }
        }
        faults
    }

    fn with(title: &str, description: &str) -> Self {
        Self {
            title: Field::new("title", "Title", title).at_most(LONGEST_TITLE),
            description: Field::new("description", "Description", description),
            abort_on_failure: false,
            variables: Vec::new(),
            phases: Vec::new(),
        }
    }

    fn add(&mut self, phase: usize, task: TaskForm) {
        if let Some(phase) = self.phases.get_mut(phase) {
            phase.tasks.push(task);
        }
    }

    fn placed(mut self) -> Self {
        self.place();
        self
    }

    /// Names all fields by where they stand now.
    fn place(&mut self) {
        self.variables.iter_mut().enumerate().for_each(|(at, variable)| variable.place(at));
        for (at, phase) in self.phases.iter_mut().enumerate() {
            (phase.prefix, phase.at) = (format!("phase-{at}"), at);
            for (number, task) in phase.tasks.iter_mut().enumerate() {
                (task.prefix, task.place) = (format!("phase-{at}-task-{number}"), format!("{at}-{number}"));
            }
        }
    }
}

impl PhaseForm {
    fn of(phase: &Phase) -> Self {
        Self {
            id: phase.id.as_str().to_owned(),
            title: phase.title.clone(),
            tasks: phase.tasks.iter().map(TaskForm::of).collect(),
            description: phase.description.clone(),
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        let empty = String::new;
        Self {
            prefix: empty(),
            at: 0,
            id: empty(),
            title: empty(),
            tasks: Vec::new(),
            error: None,
            description: empty(),
        }
    }

    fn of_fields(at: usize, fields: &Fields) -> Option<Self> {
        let field = |name: &str| fields.text(&format!("phase-{at}-{name}")).to_owned();
        fields.has(&format!("phase-{at}-title")).then(|| Self {
            id: field("id"),
            title: field("title"),
            description: field("description"),
            tasks: (0..)
                .map_while(|number| TaskForm::of_fields(&format!("phase-{at}-task-{number}"), fields))
                .collect(),
            ..Self::empty()
        })
    }

    /// What it is called on the page.
    pub(in crate::pages::releases) fn shown_title(&self) -> &str {
        if self.title.is_empty() { "New phase" } else { &self.title }
    }

    pub(in crate::pages::releases) fn description(&self) -> &str {
        &self.description
    }

    fn draft(&self) -> PhaseDraft {
        PhaseDraft {
            id: self.id.parse().ok(),
            title: self.title.clone(),
            description: self.description.clone(),
            tasks: self.tasks.iter().map(TaskForm::draft).collect(),
        }
    }
}

impl TaskForm {
    /// What its kind is called on the page.
    pub(in crate::pages::releases) fn kind_name(&self) -> &'static str {
        if self.is_gate { "Gate" } else { "Script task" }
    }

    /// The name of its check box.
    pub(in crate::pages::releases) fn restarts_name(&self) -> String {
        format!("{}-restarts", self.prefix)
    }

    fn of(task: &Task) -> Self {
        let (is_gate, script) = match &task.kind {
            TaskKind::Script { script } => (false, script.clone()),
            TaskKind::Gate => (true, String::new()),
        };
        Self {
            id: task.id.as_str().to_owned(),
            title: task.title.clone(),
            script,
            restarts: task.restarts_when_interrupted,
            description: task.description.clone(),
            ..Self::empty(is_gate)
        }
    }

    fn empty(is_gate: bool) -> Self {
        let empty = String::new;
        Self {
            prefix: empty(),
            place: empty(),
            id: empty(),
            title: if is_gate { "Approval".to_owned() } else { empty() },
            is_gate,
            script: empty(),
            restarts: false,
            title_error: None,
            error: None,
            description: empty(),
        }
    }

    fn of_fields(prefix: &str, fields: &Fields) -> Option<Self> {
        let field = |name: &str| fields.text(&format!("{prefix}-{name}")).to_owned();
        fields.has(&format!("{prefix}-title")).then(|| Self {
            id: field("id"),
            title: field("title"),
            script: fields.secret(&format!("{prefix}-script")).replace("\r\n", "\n"),
            restarts: fields.has(&format!("{prefix}-restarts")),
            description: field("description"),
            ..Self::empty(field("kind") == "gate")
        })
    }

    /// What it is called on the page.
    pub(in crate::pages::releases) fn shown_title(&self) -> &str {
        if self.title.is_empty() { "New task" } else { &self.title }
    }

    pub(in crate::pages::releases) fn description(&self) -> &str {
        &self.description
    }

    fn draft(&self) -> TaskDraft {
        TaskDraft {
            id: self.id.parse().ok(),
            title: self.title.clone(),
            description: self.description.clone(),
            kind: if self.is_gate {
                TaskKind::Gate
            } else {
                TaskKind::Script { script: self.script.clone() }
            },
            restarts_when_interrupted: self.restarts,
        }
    }
}

/// What is wrong with a title.
fn title_fault(title: &str) -> Option<String> {
    if title.is_empty() {
        return Some("Enter a title".to_owned());
    }
    check_title(title).err().as_ref().map(sentence)
}

/// What is wrong with a field of a phase or a task, for the summary.
fn fault(prefix: &str, field: &str, title: &str, error: Option<&str>) -> Option<Fault> {
    let text = format!("{title}: {}", error?);
    Some(Fault { field: format!("{prefix}-{field}"), text })
}

/// Exchanges what stands at a place with what follows; at the ends nothing happens.
fn swap<T>(list: &mut [T], at: Option<usize>) {
    if let Some(at) = at.filter(|at| at.checked_add(1).is_some_and(|next| next < list.len())) {
        list.swap(at, at + 1);
    }
}

fn remove<T>(list: &mut Vec<T>, at: usize) {
    if at < list.len() {
        list.remove(at);
    }
}
