//! Reads a source file: what it imports, declares and mentions.
//!
//! Code that ships is a stream of words and signs: enough to find `use` trees, declarations and
//! paths, and far less than a parser of Rust. Macros are read as they are written, not as they
//! expand.

use super::tokens::{Token, code_of, tokens};
use std::collections::BTreeSet;

/// A name that one file takes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Inline modules around it, from the outermost.
    pub inside: Vec<String>,
    /// The path as it was written, e.g. `["super", "file", "Name"]`.
    pub path: Vec<String>,
    /// The name under which a `use` binds it; none for a path inside code.
    pub bound: Option<String>,
    /// Whether a `use` gives it on, as with `pub use`.
    pub public: bool,
    /// Whether it ends in `*`.
    pub glob: bool,
    /// From 1.
    pub line: usize,
}

impl Import {
    /// The path as text.
    pub fn text(&self) -> String {
        let star = if self.glob { "::*" } else { "" };
        format!("{}{star}", self.path.join("::"))
    }
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Source {
    /// `use` declarations and paths.
    pub imports: Vec<Import>,
    /// Declared modules: those around, the name, and whether it stands in a file of its own.
    pub modules: Vec<(Vec<String>, String, bool)>,
    /// Words outside `use` declarations.
    pub words: BTreeSet<String>,
    /// The code without comments, texts and tests.
    pub code: String,
}

/// Reads a file's text.
pub fn read(text: &str) -> Source {
    let code = code_of(text);
    let tokens = tokens(&code);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        inside: Vec::new(),
        depth: 0,
        found: Source::default(),
    };
    reader.run();
    Source {
        code,
        ..reader.found
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Inline modules around this place, each with the depth of its braces.
    inside: Vec<(String, usize)>,
    depth: usize,
    found: Source,
}

impl Reader<'_> {
    fn run(&mut self) {
        while self.at < self.tokens.len() {
            match self.text(0) {
                "{" => self.depth += 1,
                "}" => self.close(),
                "use" if self.text(1) != "<" => {
                    self.use_tree();
                    continue;
                }
                "mod" if self.is_word(1) => {
                    self.module();
                    continue;
                }
                "pub" if self.text(1) == "(" && self.text(2) == "in" => {
                    self.skip_to(")");
                    continue;
                }
                _ if self.is_word(0) => {
                    self.path();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |t| &t.text)
    }

    fn is_word(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(Token::is_word)
    }

    fn before(&self, back: usize) -> &str {
        let at = self.at.checked_sub(back);
        at.and_then(|at| self.tokens.get(at))
            .map_or("", |t| &t.text)
    }

    fn skip_to(&mut self, sign: &str) {
        while self.at < self.tokens.len() && self.text(0) != sign {
            self.at += 1;
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self
            .inside
            .last()
            .is_some_and(|(_, depth)| *depth == self.depth)
        {
            self.inside.pop();
        }
    }

    fn around(&self) -> Vec<String> {
        self.inside.iter().map(|(name, _)| name.clone()).collect()
    }

    /// `mod name;` or `mod name {`.
    fn module(&mut self) {
        let name = self.text(1).to_owned();
        let in_file = self.text(2) == ";";
        let around = self.around();
        self.found.modules.push((around, name.clone(), in_file));
        if !in_file {
            self.inside.push((name, self.depth));
            self.depth += 1;
        }
        self.at += 3;
    }

    /// A path inside code. A single word is no path, but is kept as a word.
    fn path(&mut self) {
        // A field, a method, the rest of `<T>::name`, or a macro's `$name`.
        let own = !matches!(self.before(1), "." | "::" | "$");
        let line = self.tokens[self.at].line;
        let mut path = vec![self.text(0).to_owned()];
        while self.text(1) == "::" && self.is_word(2) {
            path.push(self.text(2).to_owned());
            self.at += 2;
        }
        self.at += 1;
        if own && path.len() > 1 {
            let inside = self.around();
            self.found.imports.push(Import {
                inside,
                path: path.clone(),
                bound: None,
                public: false,
                glob: false,
                line,
            });
        }
        self.found.words.extend(path);
    }

    /// `use a::{b, c::{d as e, self}, f::*};`
    fn use_tree(&mut self) {
        let public = self.before(1) == "pub" || (self.before(1) == ")" && self.gives_on());
        self.at += 1;
        self.branch(&[], public);
        if self.text(0) == ";" {
            self.at += 1;
        }
    }

    /// Whether the parentheses before this place are those of `pub(…)`.
    fn gives_on(&self) -> bool {
        (2..10)
            .find(|back| self.before(*back) == "(")
            .is_some_and(|back| self.before(back + 1) == "pub")
    }

    fn branch(&mut self, before: &[String], public: bool) {
        let mut path = before.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.branch(&path, public);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    return self.bind(path, None, public, true, line);
                }
                "as" => {
                    let name = self.text(1).to_owned();
                    self.at += 2;
                    return self.bind(path, Some(name), public, false, line);
                }
                _ if self.is_word(0) => {
                    path.push(self.text(0).to_owned());
                    self.at += 1;
                }
                _ => return self.bind(path, None, public, false, line),
            }
        }
    }

    fn bind(
        &mut self,
        mut path: Vec<String>,
        name: Option<String>,
        public: bool,
        glob: bool,
        line: usize,
    ) {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let bound = name.or_else(|| path.last().cloned());
        let inside = self.around();
        self.found.imports.push(Import {
            inside,
            path,
            bound: bound.filter(|_| !glob),
            public,
            glob,
            line,
        });
    }
}

/// The imports of some code as text: `use` as it binds, paths as they are.
fn told(code: &str) -> Vec<String> {
    let imports = read(code).imports;
    let told = imports.iter().map(|import| {
        let public = if import.public { "pub " } else { "" };
        match &import.bound {
            Some(name) if import.path.last() != Some(name) => {
                format!("{public}{} as {name}", import.text())
            }
            _ => format!("{public}{}", import.text()),
        }
    });
    told.collect()
}

#[test]
fn a_nested_use_is_each_of_its_leaves() {
    assert_eq!(
        told("use crate::{a, b::{c, d as e, self}, f::*};"),
        [
            "crate::a",
            "crate::b::c",
            "crate::b::d as e",
            "crate::b",
            "crate::f::*"
        ]
    );
    assert_eq!(told("use super::{a::B, C};"), ["super::a::B", "super::C"]);
    assert_eq!(told("use super::super::x;"), ["super::super::x"]);
    assert_eq!(told("use self::inner::Name;"), ["self::inner::Name"]);
    assert_eq!(told("use super::Name as _;"), ["super::Name as _"]);
}

#[test]
fn a_public_use_is_told_from_a_private_one() {
    assert_eq!(told("pub use make::make;"), ["pub make::make"]);
    assert_eq!(told("pub(super) use a::B;"), ["pub a::B"]);
    assert_eq!(told("pub(in crate::plan) use a::B;"), ["pub a::B"]);
    assert_eq!(told("fn f() {}\nuse a::B;"), ["a::B"]);
}

#[test]
fn a_path_inside_code_is_an_import() {
    assert_eq!(told("fn f() { super::other::f(); }"), ["super::other::f"]);
    assert_eq!(
        told("fn f(x: crate::plan::make::X) {}"),
        ["crate::plan::make::X"]
    );
    assert_eq!(
        told("let x = a.iter().collect::<Vec<super::Y>>();"),
        ["super::Y"]
    );
    assert_eq!(told("impl super::Trait for Own {}"), ["super::Trait"]);
    assert_eq!(told("let x = Own { a, ..crate::a::b() };"), ["crate::a::b"]);
}

#[test]
fn a_visibility_is_no_import() {
    assert!(told("pub(in crate::plan) fn f() {}").is_empty());
    assert!(told("pub(super) struct A; pub(crate) struct B;").is_empty());
    assert!(told("macro_rules! m { () => { $crate::a::b() } }").is_empty());
}

#[test]
fn comments_and_texts_are_not_read() {
    for code in [
        "// crate::a::b\n",
        "/// crate::a::b\n",
        "/* crate::a /* crate::b::c */ crate::d::e */",
        r#"f("crate::a::b \" crate::c::d");"#,
        r##"f(r#"crate::a " crate::b::c"#);"##,
        r#"f(b"crate::a::b");"#,
    ] {
        assert!(told(code).is_empty(), "{code}");
    }
    assert_eq!(
        told("let c = '\"'; super::a::b(); let d = '\"';"),
        ["super::a::b"]
    );
    assert_eq!(told("let c = '\\''; super::a::b();"), ["super::a::b"]);
    assert_eq!(told("fn f<'a>(x: &'a super::a::B) {}"), ["super::a::B"]);
}

#[test]
fn tests_are_not_read() {
    let code = "use super::a;\n#[cfg(test)]\nmod tests { use super::b; fn f() { if x {} } }\nuse super::c;";
    assert_eq!(told(code), ["super::a", "super::c"]);
    assert_eq!(
        told("#[cfg(test)]\nuse super::b;\nuse super::c;"),
        ["super::c"]
    );
    let code = "#[cfg(test)]\n#[expect(x, reason = \"y\")]\nfn f(a: [u8; 2]) { super::b::c(); }";
    assert!(told(code).is_empty());
    assert!(read("#[cfg(test)]\nmod tests;").modules.is_empty());
}

#[test]
fn modules_are_known_with_those_around_them() {
    let source = read("mod a;\npub mod b { use super::x; mod c { use super::y; } }\nuse z::q;");
    let around = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        source.modules,
        [
            (around(&[]), "a".to_owned(), true),
            (around(&[]), "b".to_owned(), false),
            (around(&["b"]), "c".to_owned(), false),
        ]
    );
    let places: Vec<_> = source.imports.iter().map(|i| i.inside.clone()).collect();
    assert_eq!(places, [around(&["b"]), around(&["b", "c"]), around(&[])]);
}

#[test]
fn lines_are_counted_from_one() {
    let source = read("// one\n\"two\n\";\nuse super::{\n    a,\n    b,\n};");
    let lines: Vec<_> = source.imports.iter().map(|i| i.line).collect();
    assert_eq!(lines, [5, 6]);
}
