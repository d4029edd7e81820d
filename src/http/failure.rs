//! Why there was no answer that could be used.

use super::body::Bulk;
use std::time::Duration;

/// A call that ended without a usable answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// No connection: the name does not resolve, the host refuses, the network is down.
    #[error("no connection to {host}: {cause}")]
    Connect {
        /// Host and port.
        host: String,
        /// What the system says.
        cause: String,
    },
    /// The host's certificate is not accepted.
    #[error("no trusted connection to {host}: {cause}")]
    Tls {
        /// Host and port.
        host: String,
        /// What is wrong with the certificate.
        cause: String,
    },
    /// No answer in time.
    #[error("no answer from {host} within {} s", .after.as_secs())]
    TimedOut {
        /// Host and port.
        host: String,
        /// The time-out.
        after: Duration,
    },
    /// The connection was cut before the answer was whole.
    #[error("the connection to {host} was cut: {cause}")]
    Cut {
        /// Host and port.
        host: String,
        /// What the system says.
        cause: String,
    },
    /// A successful answer that is not what the service documents: a page of HTML, half a JSON.
    #[error("{host} answered with something else than the documented form: {cause}")]
    Garbled {
        /// Host and port.
        host: String,
        /// Where reading it failed.
        cause: String,
    },
    /// A successful answer that breaks off in the middle, where an error is glued on.
    #[error("{host} broke off its answer: {code} {message}")]
    BrokeOff {
        /// Host and port.
        host: String,
        /// The error's code.
        code: String,
        /// What it says.
        message: String,
        /// The id that support asks for.
        request_id: String,
    },
    /// A page, or nothing, in place of an answer: it says nothing of what was asked for.
    #[error("{host} gave a page or nothing in place of an answer, with status {status}")]
    Unavailable {
        /// Host and port.
        host: String,
        /// The status that came with it.
        status: u16,
    },
    /// More in one answer than any page of it holds.
    #[error("{host} sent more than {limit} in one answer")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        limit: Bulk,
    },
    /// A redirect, which is not followed.
    #[error("{host} wants to send this call elsewhere, to {to}")]
    Redirected {
        /// Host and port.
        host: String,
        /// Origin of the target.
        to: String,
    },
    /// A link to an origin that is not configured: it was not followed.
    #[error("an answer of {host} points to {to}, which is not the configured service")]
    ForeignLink {
        /// Host and port.
        host: String,
        /// Origin of the link.
        to: String,
    },
    /// The service asks for a wait that is too long to sit out.
    #[error("{host} asks to wait {} s", .wait.as_secs())]
    AskedToWait {
        /// Host and port.
        host: String,
        /// How long.
        wait: Duration,
        /// Whether an earlier attempt may have taken place.
        unclear: bool,
    },
    /// The run was cancelled before the call was made.
    #[error("cancelled")]
    Cancelled,
}

impl Failure {
    /// Whether the call may have taken place although no answer says so.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::Cut { .. }
                | Self::Garbled { .. }
                | Self::BrokeOff { .. }
                | Self::Unavailable { .. }
                | Self::TooLarge { .. }
                | Self::Connect { .. }
                | Self::AskedToWait { unclear: true, .. }
        )
    }

    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::Cut { .. }
                | Self::Garbled { .. }
                | Self::BrokeOff { .. }
                | Self::Unavailable { .. }
                | Self::Connect { .. }
        )
    }
}
