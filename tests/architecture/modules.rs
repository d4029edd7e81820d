//! The crate's modules, and which file each import leads to.
//!
//! A name is followed through `mod` declarations and through what a module's `use` declarations
//! bind, to the file that defines it. A re-export is a door: the `mod.rs` that gives a name on is
//! not what its importers depend on.

use super::source::{Import, Source, read};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module's place in the crate, e.g. `["plan", "guards"]`; the root is empty.
type Place = Vec<String>;

/// The modules of a crate.
pub struct Modules {
    modules: BTreeMap<Place, Module>,
    /// Every file by its path below `src`, without `.rs`: `plan/guards/mod`.
    pub files: BTreeMap<String, Source>,
}

struct Module {
    file: String,
    /// What `use` declarations bind.
    bound: Vec<(String, Vec<String>)>,
}

/// An import between two files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The file that imports.
    pub from: String,
    /// The file that defines what is imported.
    pub to: String,
    /// The room that the import names; another one than that of `to` where a room gives on what
    /// comes from one below it.
    pub room: String,
    /// From 1.
    pub line: usize,
    /// The import as it was written.
    pub text: String,
}

impl Edge {
    /// For a failure.
    pub fn told(&self) -> String {
        format!(
            "src/{}.rs:{}: {} ({}.rs)",
            self.from, self.line, self.text, self.to
        )
    }
}

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Module(Place),
    /// Something that this file defines.
    Item(String),
}

impl Modules {
    /// Reads a crate from the folder of its `lib.rs`.
    pub fn of(folder: &Path) -> Self {
        Self::load(&|file| {
            let path: PathBuf = folder.join(format!("{file}.rs"));
            fs::read_to_string(path).ok()
        })
    }

    /// Reads a crate; `text` gives a file's text by its path without `.rs`.
    fn load(text: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut read_in = Self {
            modules: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        let mut open = vec![(Place::new(), "lib".to_owned())];
        while let Some((place, file)) = open.pop() {
            let source = read(&text(&file).unwrap_or_default());
            read_in.add_module(place.clone(), &file);
            for (around, name, in_file) in &source.modules {
                let place = joined(&place, around.iter().chain([name]));
                if *in_file {
                    let beside = place.join("/");
                    let inside = format!("{beside}/mod");
                    let is_folder = text(&inside).is_some();
                    open.push((place, if is_folder { inside } else { beside }));
                } else {
                    read_in.add_module(place, &file);
                }
            }
            for import in &source.imports {
                let place = joined(&place, &import.inside);
                if let (Some(name), Some(module)) = (&import.bound, read_in.modules.get_mut(&place))
                {
                    module.bound.push((name.clone(), import.path.clone()));
                }
            }
            read_in.files.insert(file, source);
        }
        read_in
    }

    fn add_module(&mut self, place: Place, file: &str) {
        let module = Module {
            file: file.to_owned(),
            bound: Vec::new(),
        };
        self.modules.entry(place).or_insert(module);
    }

    /// Every import from one file of the crate to another.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (place, module) in &self.modules {
            let source = &self.files[&module.file];
            // Inline modules are read with the file that holds them.
            if self.is_inline(place) {
                continue;
            }
            for import in &source.imports {
                let room = self.room(&joined(place, &import.inside), &import.path);
                for to in self.targets(place, source, import) {
                    if to != module.file {
                        edges.push(Edge {
                            from: module.file.clone(),
                            to,
                            room: room.clone(),
                            line: import.line,
                            text: import.text(),
                        });
                    }
                }
            }
        }
        edges.sort();
        edges
    }

    /// Imports by `*`, which hide what they take.
    pub fn globs(&self) -> Vec<String> {
        let mut globs = Vec::new();
        for (file, source) in &self.files {
            for import in source.imports.iter().filter(|import| import.glob) {
                globs.push(format!("src/{file}.rs:{}: {}", import.line, import.text()));
            }
        }
        globs
    }

    fn is_inline(&self, place: &Place) -> bool {
        let around = place
            .split_last()
            .and_then(|(_, around)| self.modules.get(around));
        around.is_some_and(|around| around.file == self.modules[place].file)
    }

    /// The files that an import needs. A door needs what it gives on only if it uses it itself.
    fn targets(&self, place: &Place, source: &Source, import: &Import) -> BTreeSet<String> {
        let names_itself = |name: &String| source.words.contains(name);
        let is_door = import.public && !import.bound.as_ref().is_some_and(names_itself);
        let place = joined(place, &import.inside);
        if is_door && place.first() == Some(&self.room(&place, &import.path)) {
            return BTreeSet::new();
        }
        let mut seen = BTreeSet::new();
        let starts = self.named(&place, &import.path[0], &mut seen);
        if import.bound.is_none() && starts.iter().any(|end| matches!(end, End::Item(_))) {
            // The `use` that binds the name is the import.
            return BTreeSet::new();
        }
        let ends = self.follow(&place, &import.path, &mut BTreeSet::new());
        ends.into_iter()
            .filter_map(|end| match end {
                End::Item(file) => Some(file),
                // Of a folder only the paths through it are imports.
                End::Module(place) => {
                    let file = self.modules[&place].file.clone();
                    (!file.ends_with("mod")).then_some(file)
                }
            })
            .collect()
    }

    /// The room that a path names, by the first module on its way; empty for the root.
    fn room(&self, place: &Place, path: &[String]) -> String {
        let mut at = place.clone();
        for (number, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => at.clear(),
                "super" => _ = at.pop(),
                "self" => {}
                name if number == 0 => {
                    let module = self.modules.get(place);
                    let mut bound = module.into_iter().flat_map(|module| &module.bound);
                    let binding = bound.find(|(bound, path)| bound == name && path[0] != name);
                    if let Some((_, path)) = binding {
                        return self.room(place, path);
                    }
                }
                name if at.is_empty() => return name.to_owned(),
                _ => break,
            }
        }
        at.first().cloned().unwrap_or_default()
    }

    /// Where a path leads from a module; nowhere for other crates. A name can be a module and an
    /// item at once.
    fn follow(
        &self,
        from: &Place,
        path: &[String],
        seen: &mut BTreeSet<(Place, Vec<String>)>,
    ) -> BTreeSet<End> {
        if !seen.insert((from.clone(), path.to_vec())) {
            return BTreeSet::new();
        }
        let Some((first, rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        let starts = match first.as_str() {
            "crate" => BTreeSet::from([End::Module(Place::new())]),
            "self" => BTreeSet::from([End::Module(from.clone())]),
            "super" => above(from),
            name => self.named(from, name, seen),
        };
        let mut ends = starts;
        for name in rest {
            ends = ends
                .into_iter()
                .flat_map(|end| match end {
                    End::Module(place) if name == "super" => above(&place),
                    End::Module(place) => self.inside(&place, name, seen),
                    item @ End::Item(_) => BTreeSet::from([item]),
                })
                .collect();
        }
        ends
    }

    /// What a name is in a module: a module below it, what a `use` binds, or both.
    fn named(
        &self,
        place: &Place,
        name: &str,
        seen: &mut BTreeSet<(Place, Vec<String>)>,
    ) -> BTreeSet<End> {
        let mut ends = BTreeSet::new();
        let below = joined(place, [&name.to_owned()]);
        if self.modules.contains_key(&below) {
            ends.insert(End::Module(below));
        }
        let bound = self.modules.get(place).into_iter().flat_map(|m| &m.bound);
        for (_, path) in bound.filter(|(bound, _)| bound == name) {
            ends.extend(self.follow(place, path, seen));
        }
        ends
    }

    /// The same, asked from elsewhere: whatever is not known otherwise is defined here.
    fn inside(
        &self,
        place: &Place,
        name: &str,
        seen: &mut BTreeSet<(Place, Vec<String>)>,
    ) -> BTreeSet<End> {
        let ends = self.named(place, name, seen);
        let module = self.modules.get(place);
        match (ends.is_empty(), module) {
            (true, Some(module)) => BTreeSet::from([End::Item(module.file.clone())]),
            _ => ends,
        }
    }
}

fn above(place: &[String]) -> BTreeSet<End> {
    let above = place.split_last().map(|(_, around)| around.to_vec());
    above.into_iter().map(End::Module).collect()
}

fn joined<'a>(place: &[String], names: impl IntoIterator<Item = &'a String>) -> Place {
    place
        .iter()
        .cloned()
        .chain(names.into_iter().cloned())
        .collect()
}

/// The imports of a small crate: `from → to`.
fn between(files: &[(&str, &str)]) -> Vec<String> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let modules = Modules::load(&|file| files.get(file).map(|text| (*text).to_owned()));
    let edges = modules.edges().into_iter();
    let mut told: Vec<String> = edges.map(|e| format!("{} → {}", e.from, e.to)).collect();
    told.dedup();
    told
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    let told = between(&[
        ("lib", "mod plan; mod sync;"),
        (
            "plan/mod",
            "mod make; mod guards; pub use guards::{Held, Name as GuardName}; pub use make::make;",
        ),
        ("plan/make", "use super::Held;"),
        (
            "plan/guards/mod",
            "mod hold; pub use hold::Held; pub(super) use hold::Name;",
        ),
        ("plan/guards/hold", ""),
        ("sync/mod", "mod a; mod b;"),
        (
            "sync/a",
            "use crate::plan::{self, GuardName}; fn f() { plan::make(); }",
        ),
        (
            "sync/b",
            "fn f() { crate::plan::guards::hold::g(); super::a::f(); }",
        ),
    ]);
    assert_eq!(
        told,
        [
            "plan/make → plan/guards/hold",
            "sync/a → plan/guards/hold",
            "sync/a → plan/make",
            "sync/b → plan/guards/hold",
            "sync/b → sync/a",
        ]
    );
}

#[test]
fn an_item_of_a_mod_rs_is_imported_from_it() {
    let told = between(&[
        ("lib", "mod a;"),
        (
            "a/mod",
            "mod b; mod c; pub use c::C; pub use b::B; pub struct A(C);",
        ),
        ("a/b", "use super::A;"),
        ("a/c", "use super::super::a::B;"),
    ]);
    assert_eq!(told, ["a/b → a/mod", "a/c → a/b", "a/mod → a/c"]);
}

#[test]
fn a_module_inside_a_file_belongs_to_the_file() {
    let told = between(&[
        ("lib", "mod a;"),
        ("a/mod", "mod b; mod c;"),
        (
            "a/b",
            "mod inner { use super::super::c::C; } fn f() { inner::g(); self::inner::g(); }",
        ),
        ("a/c", "use serde::Serialize; use std::fs;"),
    ]);
    assert_eq!(told, ["a/b → a/c"]);
}
