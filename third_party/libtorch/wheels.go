package libtorch

import (
	"fmt"
	"path"
	"strings"
)

// A wheel is one file of the Python package index, pinned by its content.
type wheel struct {
	name, version string
	tag           string // the platform tag that selects the file
	size          int64  // bytes to download
	sha256        string
	cpu, cuda     []string // what each part of an installation takes out of it, as patterns for wants
}

// A part of an installation. The CPU part is a whole LibTorch; the CUDA part adds to it.
type part int

const (
	cpuPart part = iota
	cudaPart
)

// String is name and version: "torch 2.11.0".
func (w wheel) String() string { return w.name + " " + w.version }

func (w wheel) patterns(p part) []string {
	if p == cudaPart {
		return w.cuda
	}
	return w.cpu
}

// wants reports whether a file of the wheel belongs to one of the parts. A pattern is one of path.Match, or a folder
// with a slash at its end, which takes all below it.
func (w wheel) wants(name string, parts []part) bool {
	for _, p := range parts {
		for _, pattern := range w.patterns(p) {
			if strings.HasSuffix(pattern, "/") && strings.HasPrefix(name, pattern) {
				return true
			}
			if ok, _ := path.Match(pattern, name); ok {
				return true
			}
		}
	}
	return false
}

// wheelsFor returns the wheels that the parts need on a platform, torch first.
func wheelsFor(goos, goarch string, parts []part) ([]wheel, error) {
	platform := goos + "/" + goarch
	table, ok := pinned[platform]
	if !ok {
		return nil, fmt.Errorf("no LibTorch %s is pinned for %s; set LIBTORCH to a LibTorch %[1]s of your own", Version, platform)
	}
	var wheels []wheel
	has := map[part]bool{}
	for _, w := range table {
		needed := false
		for _, p := range parts {
			if len(w.patterns(p)) > 0 {
				needed, has[p] = true, true
			}
		}
		if needed {
			wheels = append(wheels, w)
		}
	}
	for _, p := range parts {
		if !has[p] {
			return nil, fmt.Errorf("no CUDA libraries are pinned for %s, only for linux/amd64; leave out --cuda", platform)
		}
	}
	return wheels, nil
}

// Of the torch wheel, every platform takes the headers, the version and the list of operators.
var torchFiles = []string{
	"torch/include/",
	"torch/version.py",
	"torchgen/packaged/ATen/native/native_functions.yaml",
}

// pinned is what Get may download. libtorch_cpu.so of the Linux wheels needs libcudart and libcupti on a machine
// without a GPU, too. The CUDA part is what libtorch_cuda.so names or opens, at the versions that torch's METADATA
// requires; Triton, and the libraries of those wheels that LibTorch never opens, are left out.
var pinned = map[string][]wheel{
	"linux/amd64": {
		{
			name: "torch", version: Version, tag: "manylinux_2_28_x86_64", size: 530604548,
			sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
			cpu:    append([]string{"torch/lib/libc10.so", "torch/lib/libtorch_cpu.so", "torch/lib/libgomp.so*"}, torchFiles...),
			cuda: []string{
				"torch/lib/libc10_cuda.so", "torch/lib/libtorch_cuda.so", "torch/lib/libtorch_cuda_linalg.so",
				"torch/lib/libtorch_nvshmem.so", "torch/lib/libcaffe2_nvrtc.so",
			},
		},
		{
			name: "nvidia-cuda-runtime", version: "13.0.96", tag: "manylinux2014_x86_64", size: 2243632,
			sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
			cpu:    []string{"nvidia/cu13/lib/libcudart.so.*"},
		},
		{
			name: "nvidia-cuda-cupti", version: "13.0.85", tag: "manylinux_2_25_x86_64", size: 10715597,
			sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
			cpu:    []string{"nvidia/cu13/lib/libcupti.so.*"},
		},
		{
			name: "nvidia-cublas", version: "13.1.0.3", tag: "manylinux_2_27_x86_64", size: 423133236,
			sha256: "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
			cuda:   []string{"nvidia/cu13/lib/libcublas.so.*", "nvidia/cu13/lib/libcublasLt.so.*"},
		},
		{
			name: "nvidia-cudnn-cu13", version: "9.19.0.56", tag: "manylinux_2_27_x86_64", size: 366066321,
			sha256: "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf",
			cuda:   []string{"nvidia/cudnn/lib/*.so.*"},
		},
		{
			name: "nvidia-cufft", version: "12.0.0.61", tag: "manylinux2014_x86_64", size: 214085489,
			sha256: "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3",
			cuda:   []string{"nvidia/cu13/lib/libcufft.so.*"},
		},
		{
			name: "nvidia-cufile", version: "1.15.1.6", tag: "manylinux2014_x86_64", size: 1223672,
			sha256: "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44",
			cuda:   []string{"nvidia/cu13/lib/libcufile*.so.*"},
		},
		{
			name: "nvidia-curand", version: "10.4.0.35", tag: "manylinux_2_27_x86_64", size: 59544258,
			sha256: "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
			cuda:   []string{"nvidia/cu13/lib/libcurand.so.*"},
		},
		{
			name: "nvidia-cusolver", version: "12.0.4.66", tag: "manylinux_2_27_x86_64", size: 200941980,
			sha256: "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112",
			cuda:   []string{"nvidia/cu13/lib/libcusolver.so.*"},
		},
		{
			name: "nvidia-cusparse", version: "12.6.3.3", tag: "manylinux2014_x86_64", size: 145942937,
			sha256: "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b",
			cuda:   []string{"nvidia/cu13/lib/libcusparse.so.*"},
		},
		{
			name: "nvidia-cusparselt-cu13", version: "0.8.0", tag: "manylinux2014_x86_64", size: 169884119,
			sha256: "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd",
			cuda:   []string{"nvidia/cusparselt/lib/libcusparseLt.so.*"},
		},
		{
			name: "nvidia-nccl-cu13", version: "2.28.9", tag: "manylinux_2_18_x86_64", size: 196493177,
			sha256: "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42",
			cuda:   []string{"nvidia/nccl/lib/libnccl.so.*"},
		},
		{
			name: "nvidia-nvjitlink", version: "13.0.88", tag: "manylinux2010_x86_64", size: 40713933,
			sha256: "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b",
			cuda:   []string{"nvidia/cu13/lib/libnvJitLink.so.*"},
		},
		{
			name: "nvidia-cuda-nvrtc", version: "13.0.88", tag: "manylinux2010_x86_64", size: 90215200,
			sha256: "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
			cuda:   []string{"nvidia/cu13/lib/libnvrtc.so.*", "nvidia/cu13/lib/libnvrtc-builtins.so.*"},
		},
		{
			name: "nvidia-nvshmem-cu13", version: "3.4.5", tag: "manylinux2014_x86_64", size: 60412546,
			sha256: "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80",
			cuda:   []string{"nvidia/nvshmem/lib/*.so.*"},
		},
	},
	"linux/arm64": {
		{
			name: "torch", version: Version, tag: "manylinux_2_28_aarch64", size: 419718178,
			sha256: "d91aac77f24082809d2c5a93f52a5f085032740a1ebc9252a7b052ef5a4fddc6",
			cpu: append([]string{
				"torch/lib/libc10.so", "torch/lib/libtorch_cpu.so", "torch/lib/libgomp.so*", "torch/lib/libgfortran.so*",
				"torch/lib/libarm_compute*.so", "torch/lib/libnvpl_*.so*",
			}, torchFiles...),
		},
		{
			name: "nvidia-cuda-runtime", version: "13.0.96", tag: "manylinux2014_aarch64", size: 2261060,
			sha256: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55",
			cpu:    []string{"nvidia/cu13/lib/libcudart.so.*"},
		},
		{
			name: "nvidia-cuda-cupti", version: "13.0.85", tag: "manylinux_2_25_aarch64", size: 10310827,
			sha256: "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151",
			cpu:    []string{"nvidia/cu13/lib/libcupti.so.*"},
		},
	},
	"darwin/arm64": {
		{
			name: "torch", version: Version, tag: "macosx_11_0_arm64", size: 80529712,
			sha256: "7b6a60d48062809f58595509c524b88e6ddec3ebe25833d6462eeab81e5f2ce4",
			cpu: append([]string{
				"torch/lib/libc10.dylib", "torch/lib/libtorch_cpu.dylib", "torch/lib/libomp.dylib",
			}, torchFiles...),
		},
	},
}
