//! Parses the small XML answers of object stores, with text exactly as written.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element: its name without a prefix, its text, and its child elements.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The child elements with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child element with this name; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| child.text.as_str())
    }
}

/// The root element; `None` if this is not XML.
pub fn read(bytes: &[u8]) -> Option<Element> {
    let mut reader = Reader::from_reader(bytes);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(named(start.local_name().as_ref())),
            Event::Empty(empty) => open.last_mut()?.children.push(named(empty.local_name().as_ref())),
            Event::End(_) => {
                let element = open.pop()?;
                open.last_mut()?.children.push(element);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.decode().ok()?),
            Event::GeneralRef(reference) => {
                let found = match reference.resolve_char_ref().ok()? {
                    Some(found) => found.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference.decode().ok()?)?.to_owned(),
                };
                open.last_mut()?.text.push_str(&found);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.len() {
        1 => open.pop()?.children.pop(),
        _ => None, // it broke off
    }
}

fn named(name: &[u8]) -> Element {
    Element { name: String::from_utf8_lossy(name).into_owned(), ..Element::default() }
}

/// Text inside an element.
pub fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
