//! Where releases, phases and tasks stand, in the vendor's words.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$documentation:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The vendor's word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The one of this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.as_str() == word)
            }
        }
    };
}

words!(
    /// Where a release stands.
    ReleaseStatus {
        /// It is a template, and never starts.
        Template = "TEMPLATE",
        /// It was not started yet.
        Planned = "PLANNED",
        /// Its tasks run, or one waits for a person.
        InProgress = "IN_PROGRESS",
        /// A task failed: it waits to be restarted or aborted.
        Failed = "FAILED",
        /// All tasks are done.
        Completed = "COMPLETED",
        /// Somebody ended it.
        Aborted = "ABORTED",
    }
);

words!(
    /// Where a phase stands.
    PhaseStatus {
        /// Its release has yet to come to it, for the first time or again.
        Planned = "PLANNED",
        /// One of its tasks is next, or under way.
        InProgress = "IN_PROGRESS",
        /// A task of it failed.
        Failed = "FAILED",
        /// All its tasks are done.
        Completed = "COMPLETED",
        /// Its release was aborted before all were done.
        Aborted = "ABORTED",
    }
);

words!(
    /// Where a task stands.
    TaskStatus {
        /// Others come before it.
        Planned = "PLANNED",
        /// It is the next to run.
        Queued = "QUEUED",
        /// It runs; a gate waits for somebody's approval.
        InProgress = "IN_PROGRESS",
        /// It failed.
        Failed = "FAILED",
        /// It is done.
        Completed = "COMPLETED",
        /// Its release was aborted before it was done.
        Aborted = "ABORTED",
    }
);

impl ReleaseStatus {
    /// Whether nothing happens to it any more, unless it is deleted.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted)
    }

    /// Whether it was started and has not ended.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Failed)
    }
}

impl TaskStatus {
    /// Whether it is what its release is at: next, under way, or failed.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::InProgress | Self::Failed)
    }
}
