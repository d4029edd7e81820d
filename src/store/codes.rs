//! How ids and codes stand in columns: each is a text.
//!
//! A code is written by its `as_str` and read by its `parse`. A word that no code has is an error
//! with a sentence, never some other value: a newer version meant something by it.

use super::error::UnknownWord;
use crate::directory::{AccountId, EntraId, GroupId};
use crate::plan::{Kind, OperationId, Ownership, QuestionCode, Reason};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// Reads a code by what parses it.
pub(super) fn code<T>(
    value: ValueRef<'_>,
    what: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> FromSqlResult<T> {
    let word = value.as_str()?;
    parse(word).ok_or_else(|| {
        FromSqlError::Other(Box::new(UnknownWord {
            what,
            word: word.to_owned(),
        }))
    })
}

/// Lets codes be read from columns and written to them, each with what it is called in an error.
macro_rules! stored {
    ($($name:ty: $what:literal),+ $(,)?) => {$(
        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                $crate::store::codes::code(value, $what, <$name>::parse)
            }
        }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from(self.as_str()))
            }
        }
    )+};
}
pub(super) use stored;

stored! {
    Kind: "kind of operation",
    Reason: "reason",
    QuestionCode: "question",
}

macro_rules! ids {
    ($($name:ty: $read:expr),+ $(,)?) => {$(
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map($read)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }
    )+};
}

ids! {
    EntraId: EntraId::new,
    AccountId: AccountId::new,
    GroupId: GroupId::new,
}

impl FromSql for OperationId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        code(value, "operation", Self::parse)
    }
}

impl ToSql for OperationId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Ownership {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        code(value, "ownership", |word| {
            Some(match word {
                "confirmed" => Self::Confirmed,
                "confirmed-with-access" => Self::ConfirmedWithAccess,
                "owned" => Self::Owned,
                "owned-with-access" => Self::OwnedWithAccess,
                _ => return None,
            })
        })
    }
}

impl ToSql for Ownership {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self {
            Self::Confirmed => "confirmed",
            Self::ConfirmedWithAccess => "confirmed-with-access",
            Self::Owned => "owned",
            Self::OwnedWithAccess => "owned-with-access",
        }))
    }
}
