//! The schema's enumerations. A word that a newer server sends is kept as it is, so old clients go on working.

/// Declares an enumeration whose variants are words of the schema.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// Returns the word of the schema.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        /// No word, which every server refuses: for the fields of an input that follow.
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer).map(|word| Self::from(&*word))
            }
        }
    )+};
}

words! {
    /// Who did something.
    ActorKind {
        /// A person.
        User = "USER",
        /// A robot, for the person who made its token.
        Token = "TOKEN",
        /// A program with a client key.
        Client = "CLIENT",
        /// The backend itself.
        System = "SYSTEM",
    }
    /// What a change does to a stage.
    ChangeKind {
        /// Writes a new document.
        Edit = "EDIT",
        /// Takes the document of the stage before.
        Promote = "PROMOTE",
        /// Takes an earlier document of the same stage.
        Rollback = "ROLLBACK",
        /// Takes the feature out of the stage.
        Withdraw = "WITHDRAW",
    }
    /// How far a change has come.
    ChangeStatus {
        /// Waits for votes.
        Pending = "PENDING",
        /// Has its votes and waits for its time.
        Approved = "APPROVED",
        /// Is live.
        Applied = "APPLIED",
        /// Was voted down.
        Rejected = "REJECTED",
        /// Was taken back.
        Cancelled = "CANCELLED",
        /// Its base is live no more.
        Stale = "STALE",
        /// Could not be applied.
        Failed = "FAILED",
    }
    /// What a client key is for.
    ClientKind {
        /// Evaluates, on a server.
        Backend = "BACKEND",
        /// Evaluates, in a browser or an app.
        Frontend = "FRONTEND",
        /// Opens the delivery stream.
        Edge = "EDGE",
    }
    /// What an attribute of contexts holds.
    ContextKeyType {
        /// A text.
        String = "STRING",
        /// A number.
        Number = "NUMBER",
        /// True or false.
        Boolean = "BOOLEAN",
        /// A version, like 1.2.3.
        Version = "VERSION",
        /// A point in time.
        Instant = "INSTANT",
    }
    /// A vote.
    Decision {
        /// For the change.
        Approve = "APPROVE",
        /// Against it, which ends it.
        Reject = "REJECT",
    }
    /// What happened to a part of a document.
    DiffKind {
        /// It is new.
        Added = "ADDED",
        /// It is gone.
        Removed = "REMOVED",
        /// It is another.
        Changed = "CHANGED",
        /// It is in another position.
        Moved = "MOVED",
    }
    /// How much care an environment needs.
    EnvironmentType {
        /// For building.
        Development = "DEVELOPMENT",
        /// For trying.
        Staging = "STAGING",
        /// For customers.
        Production = "PRODUCTION",
    }
    /// What has a series of its own.
    EvaluationGroup {
        /// Each feature.
        Feature = "FEATURE",
        /// Each environment.
        Environment = "ENVIRONMENT",
        /// Each variant.
        Variant = "VARIANT",
        /// Each reason.
        Reason = "REASON",
        /// Each client that asked.
        Client = "CLIENT",
    }
    /// Why a variant was served.
    EvaluationReason {
        /// There are no criteria.
        Static = "STATIC",
        /// A criterion matched.
        TargetingMatch = "TARGETING_MATCH",
        /// A criterion matched, and a bucket decided.
        Split = "SPLIT",
        /// No criterion took the subject in.
        Default = "DEFAULT",
        /// Not enabled, killed, or blocked by a dependency.
        Disabled = "DISABLED",
        /// It could not be decided.
        Error = "ERROR",
    }
    /// Whether a feature is a switch or has variants and rules.
    FeatureKind {
        /// On or off.
        Simple = "SIMPLE",
        /// Variants and rules.
        Contextual = "CONTEXTUAL",
    }
    /// What a list of features is sorted by.
    FeatureSort {
        /// By key.
        Key = "KEY",
        /// The newest first.
        Created = "CREATED",
        /// What was changed last first.
        Changed = "CHANGED",
    }
    /// Where a feature is in its life.
    Lifecycle {
        /// New.
        Beta = "BETA",
        /// In use.
        Active = "ACTIVE",
        /// Here to stay.
        Permanent = "PERMANENT",
        /// On its way out.
        Deprecated = "DEPRECATED",
        /// Gone.
        Archived = "ARCHIVED",
    }
    /// What a policy covers.
    PolicyScope {
        /// Every environment.
        All = "ALL",
        /// Those of type PRODUCTION.
        Production = "PRODUCTION",
        /// Those that it lists.
        Listed = "LISTED",
    }
    /// What became of a proposal.
    ProposalOutcome {
        /// It is live.
        Applied = "APPLIED",
        /// It waits for votes.
        Pending = "PENDING",
        /// The same was already waiting.
        Joined = "JOINED",
        /// It would change nothing.
        Unchanged = "UNCHANGED",
        /// It was only tried.
        DryRun = "DRY_RUN",
    }
    /// How long a step of a series is.
    Resolution {
        /// A minute.
        Minute = "MINUTE",
        /// An hour.
        Hour = "HOUR",
    }
    /// What a member may do.
    Role {
        /// Proposes changes.
        Requester = "REQUESTER",
        /// Votes on them.
        Approver = "APPROVER",
        /// Runs the team.
        TeamAdmin = "TEAM_ADMIN",
    }
    /// What a signing key does.
    SigningKeyState {
        /// New access tokens are signed with it.
        Signs = "SIGNS",
        /// Those that it signed before are good yet.
        Verifies = "VERIFIES",
    }
    /// What a feature's stage is doing.
    StageStatus {
        /// Nothing is live.
        NotDeployed = "NOT_DEPLOYED",
        /// A version is live.
        Deployed = "DEPLOYED",
        /// A change waits.
        DeploymentRequested = "DEPLOYMENT_REQUESTED",
        /// A rollback waits.
        RollbackRequested = "ROLLBACK_REQUESTED",
        /// The last change was a rollback.
        RolledBack = "ROLLED_BACK",
    }
    /// Whether a token is let in.
    TokenState {
        /// It is.
        Active = "ACTIVE",
        /// Not now: its owner is deactivated, or out of the team.
        Suspended = "SUSPENDED",
        /// Not any more: its end has come.
        Expired = "EXPIRED",
        /// Not any more: somebody ended it.
        Revoked = "REVOKED",
    }
    /// Why a feature seems to be needed no more.
    StaleReason {
        /// Nobody asked for it.
        NoEvaluation = "NO_EVALUATION",
        /// It came to one variant for everybody.
        OneVariant = "ONE_VARIANT",
        /// It was to be gone by now.
        PastRemovalDate = "PAST_REMOVAL_DATE",
    }
    /// The type that all values of a feature have.
    ValueType {
        /// True or false.
        Boolean = "BOOLEAN",
        /// Text.
        String = "STRING",
        /// A number.
        Number = "NUMBER",
        /// Anything with an inside.
        Object = "OBJECT",
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn an_unknown_word_survives() {
        let role: Role = serde_json::from_str("\"AUDITOR\"").unwrap();
        assert_eq!(role, Role::Other("AUDITOR".into()));
        assert_eq!(serde_json::to_string(&role).unwrap(), "\"AUDITOR\"");
    }

    #[test]
    fn a_known_word_is_a_variant() {
        let role: Role = serde_json::from_str("\"TEAM_ADMIN\"").unwrap();
        assert_eq!(role, Role::TeamAdmin);
    }
}
