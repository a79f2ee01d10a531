//! The names of all tables and columns.

use sea_orm::DeriveIden;

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum SchemaVersion {
    Table,
    Version,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ChangeSequence {
    Table,
    Id,
    Value,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ChangeLog {
    Table,
    Sequence,
    Position,
    At,
    Kind,
    Subject,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum AuditEvents {
    Table,
    Sequence,
    Position,
    At,
    ActorKind,
    ActorName,
    ActorUser,
    ActorGrant,
    Address,
    Action,
    SubjectKind,
    SubjectId,
    SubjectName,
    Detail,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Users {
    Table,
    Id,
    Origin,
    Provider,
    Subject,
    Username,
    UsernameKey,
    FullName,
    FullNameKey,
    Email,
    EmailKey,
    Groups,
    PasswordHash,
    PasswordVersion,
    CreatedAt,
    LastActiveAt,
    DisabledAt,
    DeletedAt,
    /// Version 6.
    ConfirmedAt,
    /// Version 6.
    WithdrawnAt,
    /// Version 6.
    Withdrawal,
}

/// What is asked of providers, and when: version 6.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Confirmations {
    Table,
    UserId,
    DueAt,
    Attempts,
    Answer,
    RefreshToken,
    WarnedAt,
    LapsedAt,
}

/// Version 6.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ScimGroups {
    Table,
    Id,
    Provider,
    ExternalId,
    DisplayName,
    NameKey,
    CreatedAt,
    ChangedAt,
}

/// Version 6.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ScimMembers {
    Table,
    GroupId,
    UserId,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Roles {
    Table,
    Id,
    Name,
    NameKey,
    Principals,
    Permissions,
}

/// Version 14.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum RolePrincipals {
    Table,
    Role,
    Kind,
    Provider,
    Name,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Grants {
    Table,
    Id,
    Owner,
    Name,
    NameKey,
    Application,
    Permissions,
    CreatedAt,
    ExpiresAt,
    SuspendedAt,
    SuspensionReason,
    DeletedAt,
    LastUsedAt,
    LastUsedAddress,
    LastUsedUserAgent,
    /// Version 4.
    LeftWorking,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Secrets {
    Table,
    Digest,
    KeyId,
    GrantId,
    CreatedAt,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Sessions {
    Table,
    Digest,
    UserId,
    CreatedAt,
    SeenAt,
    CsrfSeed,
    Address,
    UserAgent,
    PasswordVersion,
    /// Version 6.
    ProviderSubject,
    /// Version 6.
    ProviderSession,
    /// Version 6.
    IdToken,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Settings {
    Table,
    Name,
    Value,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ResetLinks {
    Table,
    UserId,
    Digest,
    CreatedBy,
    CreatedAt,
    ExpiresAt,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Nodes {
    Table,
    Id,
    StartedAt,
    SeenAt,
    AppliedSequence,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ReminderRuns {
    Table,
    Id,
    Night,
    At,
    Note,
    Planned,
    Skipped,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Mails {
    Table,
    Id,
    Run,
    Kind,
    Owner,
    Tokens,
    State,
    Reason,
    Address,
    Answer,
    Attempts,
    DueAt,
    CreatedAt,
    DoneAt,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ReminderMarks {
    Table,
    GrantId,
    Days,
    Mail,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Decisions {
    Table,
    Id,
    Decided,
    EffectiveAt,
    Zone,
    MadeAt,
    MadeBy,
    State,
    SettledAt,
    SettledBy,
    Tokens,
    Reason,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Exemptions {
    Table,
    Id,
    Kind,
    Provider,
    Name,
    Fullname,
    Reason,
    MadeAt,
    MadeBy,
    EndsAt,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ConfigurationItems {
    Table,
    Number,
    Id,
    IdKey,
    FolderKey,
    TypeName,
    Version,
    Properties,
    SealedSecrets,
    CreatedAt,
    CreatedBy,
    ChangedAt,
    ChangedBy,
    UniqueKey,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum WebhookCounters {
    Table,
    Endpoint,
    LastRequest,
    LastRefusal,
    Waiting,
    /// Version 10.
    StartsSince,
    /// Version 11, as the next.
    RequestRetention,
    /// MiB.
    RetentionSize,
    /// Version 12: how often.
    Redelivered,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum WebhookRequests {
    Table,
    Id,
    Endpoint,
    Number,
    At,
    Sender,
    Headers,
    Parameters,
    Body,
    Size,
    MessageId,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum WebhookRefusals {
    Table,
    Id,
    Endpoint,
    Number,
    At,
    Sender,
    Headers,
    Cause,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum WebhookMessages {
    Table,
    Endpoint,
    MessageId,
    Request,
    At,
}

#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum WebhookDeliveries {
    Table,
    Id,
    Endpoint,
    Request,
    Number,
    MessageId,
    Parameters,
    ContentType,
    Body,
    State,
    Attempts,
    DueAt,
    Answer,
    CreatedAt,
    DoneAt,
    /// Version 11.
    PausedAt,
}

/// Version 8.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum Releases {
    Table,
    Number,
    Id,
    Status,
    Title,
    TitleKey,
    /// Until version 14: a name.
    Owner,
    Version,
    Document,
    SealedSecrets,
    CreatedAt,
    StartedAt,
    EndedAt,
    DueAt,
    Lease,
    /// Version 9.
    Summary,
    /// Version 9.
    Tags,
    /// Version 15.
    OwnerId,
}

/// Version 8.
#[derive(Clone, Copy, DeriveIden)]
pub(crate) enum ReleaseLogs {
    Table,
    Release,
    Task,
    Run,
    Line,
    At,
    Said,
}
