//! Link settings of a Node addon: `napi-build` sets what each platform's linker needs.

fn main() {
    napi_build::setup();
}
