package checkpoint

import "github.com/forgergan/forger/torch"

// none marks an element type of the format that torch.DType lacks.
const none = torch.DefaultDType

// element is an element type of the format.
type element struct {
	name  string // in the header
	bits  uint64
	dtype torch.DType
}

// elements are the types of the safetensors format (enum Dtype of its reference implementation, version 0.8). Those
// without a torch.DType are there so that a file holding them can still be checked and listed.
var elements = []element{
	{"BOOL", 8, torch.Bool}, {"U8", 8, torch.Uint8}, {"I8", 8, torch.Int8}, {"I16", 16, torch.Int16},
	{"I32", 32, torch.Int32}, {"I64", 64, torch.Int64}, {"F16", 16, torch.Float16}, {"BF16", 16, torch.BFloat16},
	{"F32", 32, torch.Float32}, {"F64", 64, torch.Float64}, {"C64", 64, torch.Complex64},
	{"U16", 16, torch.Uint16}, {"U32", 32, torch.Uint32}, {"U64", 64, torch.Uint64},
	{"F8_E5M2", 8, torch.Float8E5M2}, {"F8_E4M3", 8, torch.Float8E4M3FN}, {"F8_E8M0", 8, torch.Float8E8M0FNU},
	{"F8_E4M3FNUZ", 8, torch.Float8E4M3FNUZ}, {"F8_E5M2FNUZ", 8, torch.Float8E5M2FNUZ},
	{"F6_E2M3", 6, none}, {"F6_E3M2", 6, none}, {"F4", 4, none},
}

var (
	elementOf = map[string]element{}
	elementBy = map[torch.DType]element{}
)

func init() {
	for _, e := range elements {
		elementOf[e.name] = e
		if e.dtype != none {
			elementBy[e.dtype] = e
		}
	}
}
