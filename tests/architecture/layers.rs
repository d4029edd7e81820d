//! The files of one room: their circles, and the layers in which they stand.

use super::modules::Edge;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A room: its files as the tables name them, and the imports among them.
pub struct Room {
    pub files: BTreeSet<String>,
    pub edges: Vec<Edge>,
}

impl Room {
    /// The room of this name. A `mod.rs` without imports of its own, which nobody imports, is a
    /// door and is left out.
    pub fn of<'a>(name: &str, files: impl Iterator<Item = &'a String>, edges: &[Edge]) -> Self {
        let prefix = format!("{name}/");
        let local = |file: &str| file.strip_prefix(&prefix).map(str::to_owned);
        let edges: Vec<Edge> = edges
            .iter()
            .filter_map(|edge| {
                Some(Edge {
                    from: local(&edge.from)?,
                    to: local(&edge.to)?,
                    ..edge.clone()
                })
            })
            .collect();
        let is_door = |file: &String| {
            (file == "mod" || file.ends_with("/mod"))
                && edges.iter().all(|e| e.from != *file && e.to != *file)
        };
        let files = files
            .filter_map(|file| local(file))
            .filter(|file| !is_door(file));
        Self {
            files: files.collect(),
            edges,
        }
    }

    fn imports_of(&self, file: &str) -> BTreeSet<&str> {
        let own = self.edges.iter().filter(|edge| edge.from == file);
        own.map(|edge| edge.to.as_str()).collect()
    }

    /// A shortest circle through every file that stands in one, each circle once.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let mut circles: Vec<Vec<String>> = Vec::new();
        for file in &self.files {
            if circles.iter().flatten().any(|known| known == file) {
                continue;
            }
            circles.extend(self.circle_through(file));
        }
        circles
    }

    fn circle_through(&self, start: &str) -> Option<Vec<String>> {
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = VecDeque::from([start]);
        while let Some(file) = open.pop_front() {
            for to in self.imports_of(file) {
                if to == start {
                    let mut circle = vec![file.to_owned()];
                    let mut at = file;
                    while let Some(&previous) = before.get(at) {
                        circle.push(previous.to_owned());
                        at = previous;
                    }
                    circle.reverse();
                    return Some(circle);
                }
                if !before.contains_key(to) {
                    before.insert(to, file);
                    open.push_back(to);
                }
            }
        }
        None
    }

    /// A circle with the imports that make it.
    pub fn told(&self, circle: &[String]) -> String {
        let mut told = vec![format!("{} → {}", circle.join(" → "), circle[0])];
        let pairs = circle.iter().zip(circle.iter().cycle().skip(1));
        for (from, to) in pairs {
            let between = |edge: &&Edge| edge.from == *from && edge.to == *to;
            for edge in self.edges.iter().filter(between) {
                told.push(format!("    {}.rs:{}: {}", edge.from, edge.line, edge.text));
            }
        }
        told.join("\n")
    }

    /// Layers from top to bottom, each file as low as its imports let it; none with a circle.
    pub fn layers(&self) -> Option<Vec<Vec<String>>> {
        let mut open = self.files.clone();
        let mut layers = Vec::new();
        while !open.is_empty() {
            let is_ready =
                |file: &&String| self.imports_of(file).iter().all(|to| !open.contains(*to));
            let layer: Vec<String> = open.iter().filter(is_ready).cloned().collect();
            if layer.is_empty() {
                return None;
            }
            open.retain(|file| !layer.contains(file));
            layers.push(layer);
        }
        layers.reverse();
        Some(layers)
    }

    /// What speaks against a table of layers.
    pub fn against(&self, layers: &[&str]) -> Vec<String> {
        let mut layer_of: BTreeMap<&str, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (number, layer) in layers.iter().enumerate() {
            for file in layer.split_whitespace() {
                if layer_of.insert(file, number).is_some() {
                    wrong.push(format!("{file} stands in two layers"));
                }
                if !self.files.contains(file) {
                    wrong.push(format!("there is no {file}.rs"));
                }
            }
        }
        for file in &self.files {
            if !layer_of.contains_key(file.as_str()) {
                wrong.push(format!("{file}.rs stands in no layer"));
            }
        }
        for edge in &self.edges {
            let layers = (
                layer_of.get(edge.from.as_str()),
                layer_of.get(edge.to.as_str()),
            );
            if let (Some(from), Some(to)) = layers
                && from >= to
            {
                wrong.push(format!(
                    "{}.rs:{} imports {} from {}.rs, which is not below it",
                    edge.from, edge.line, edge.text, edge.to
                ));
            }
        }
        wrong
    }
}

fn room(edges: &[(&str, &str)]) -> Room {
    let files = edges.iter().flat_map(|(from, to)| [*from, *to]);
    Room {
        files: files.map(str::to_owned).collect(),
        edges: edges
            .iter()
            .map(|(from, to)| Edge {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                room: String::new(),
                line: 1,
                text: format!("super::{to}::X"),
            })
            .collect(),
    }
}

#[test]
fn layers_follow_the_imports() {
    let room = room(&[("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")]);
    let layers = room.layers().unwrap();
    assert_eq!(layers, [vec!["a"], vec!["b", "d"], vec!["c"]]);
    assert!(room.circles().is_empty());
    assert!(room.against(&["a d", "b", "c"]).is_empty());
    assert_eq!(
        room.against(&["a b", "c e"]),
        [
            "there is no e.rs",
            "d.rs stands in no layer",
            "a.rs:1 imports super::b::X from b.rs, which is not below it",
        ]
    );
}

#[test]
fn a_circle_is_told_with_its_imports() {
    let room = room(&[("a", "b"), ("b", "c"), ("c", "b"), ("b", "d")]);
    assert_eq!(room.layers(), None);
    let circles = room.circles();
    assert_eq!(circles, [vec!["b", "c"]]);
    assert_eq!(
        room.told(&circles[0]),
        "b → c → b\n    b.rs:1: super::c::X\n    c.rs:1: super::b::X"
    );
}
