//! Writes the text of small snapshots for tests.

/// Type, name or index, target.
pub type Edge = (u32, u32, u32);

/// Text of a snapshot in Node 24's layout: nodes are (type, name, id, size, edges).
#[derive(Default)]
pub struct Text {
    pub nodes: Vec<(u32, u32, u32, u64, Vec<Edge>)>,
    pub strings: Vec<String>,
}

pub const OBJECT: u32 = 3;
pub const SYNTHETIC: u32 = 9;
pub const ELEMENT: u32 = 1;
pub const PROPERTY: u32 = 2;
pub const SHORTCUT: u32 = 5;

pub const META: &str = r#"{"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"string","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"location_fields":["object_index","script_id","line","column"]},"node_count":1,"edge_count":1}"#;

impl Text {
    /// A root, with a global object for node 1 if there is one.
    pub fn new() -> Self {
        Self {
            nodes: vec![(SYNTHETIC, 0, 1, 0, Vec::new())],
            strings: vec![String::new(), "Thing".to_owned(), "next".to_owned()],
        }
    }

    pub fn write(&self) -> Vec<u8> {
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|(kind, name, id, size, edges)| format!("{kind},{name},{id},{size},{},0", edges.len()))
            .collect();
        let edges: Vec<String> = self
            .nodes
            .iter()
            .flat_map(|node| &node.4)
            .map(|(kind, name, target)| format!("{kind},{name},{}", u64::from(*target) * 6))
            .collect();
        format!(
            "{{\"snapshot\":{META},\n\"nodes\":[{}],\n\"edges\":[{}],\n\"trace_function_infos\":[],\n\
             \"trace_tree\":[],\n\"samples\":[],\n\"locations\":[],\n\"strings\":{}}}\n",
            nodes.join(","),
            edges.join(","),
            serde_json::to_string(&self.strings).unwrap()
        )
        .into_bytes()
    }
}
