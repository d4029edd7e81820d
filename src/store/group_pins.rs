//! The table `group_pins`: which Entra groups the names in the configuration mean.

use super::database::now;
use super::error::StoreError;
use super::state::State;
use crate::plan::Pins;
use rusqlite::params;

impl State {
    /// Which Entra groups the names in the configuration mean.
    pub fn group_pins(&self) -> Result<Pins, StoreError> {
        let sql = "SELECT name, entra_id FROM group_pins";
        let pins = self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Pins::of(pins))
    }

    /// From now on these are meant, and no others.
    pub fn pin_groups(&self, pins: &Pins) -> Result<(), StoreError> {
        if self.group_pins()? == *pins {
            return Ok(());
        }
        self.change(|change| {
            change.execute("DELETE FROM group_pins", [])?;
            let mut insert = change.prepare_cached("INSERT INTO group_pins VALUES (?1, ?2, ?3)")?;
            for (name, id) in pins.iter() {
                insert.execute(params![name, id, now()])?;
            }
            Ok(())
        })
    }
}
