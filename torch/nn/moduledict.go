package nn

// ModuleDict are modules whose names are computed, where an implementation numbers its attributes, as scale0_layer1. In a
// field with the tag nn:"" the names are used as they are; the tag nn:"nets" puts nets and a dot before them, as PyTorch's
// ModuleDict does. The order is that of the list.
type ModuleDict []NamedModule

// NamedModule is one of a ModuleDict.
type NamedModule struct {
	Name   string
	Module any
}
