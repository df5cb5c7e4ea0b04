// Package zoo lists the systems that Forger trains.
package zoo

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/zoo/acgan"
	"github.com/forgergan/forger/zoo/biggan"
	"github.com/forgergan/forger/zoo/cgan"
	"github.com/forgergan/forger/zoo/cpgan"
	"github.com/forgergan/forger/zoo/cyclegan"
	"github.com/forgergan/forger/zoo/dcgan"
	"github.com/forgergan/forger/zoo/discogan"
	"github.com/forgergan/forger/zoo/dualgan"
	"github.com/forgergan/forger/zoo/gan"
	"github.com/forgergan/forger/zoo/lsgan"
	"github.com/forgergan/forger/zoo/pix2pix"
	"github.com/forgergan/forger/zoo/pix2pixhd"
	"github.com/forgergan/forger/zoo/rgan"
	"github.com/forgergan/forger/zoo/s3gan"
	"github.com/forgergan/forger/zoo/sagan"
	"github.com/forgergan/forger/zoo/sngan"
	"github.com/forgergan/forger/zoo/spade"
	"github.com/forgergan/forger/zoo/srgan"
	"github.com/forgergan/forger/zoo/vid2vid"
	"github.com/forgergan/forger/zoo/wgan"
	"github.com/forgergan/forger/zoo/wgangp"
)

// Systems are all systems, in the order of the tutorial that they come from.
var Systems = []train.System{
	gan.System,
	dcgan.System,
	lsgan.System,
	wgan.System,
	wgangp.System,
	cgan.System,
	acgan.System,
	sngan.System,
	sagan.System,
	biggan.System,
	rgan.System,
	cpgan.System,
	s3gan.System,
	pix2pix.System,
	pix2pixhd.System,
	spade.System,
	cyclegan.System,
	discogan.System,
	dualgan.System,
	srgan.System,
	vid2vid.System,
}

// Find returns the system of that name.
func Find(name string) (train.System, error) {
	var names []string
	for _, s := range Systems {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return train.System{}, fmt.Errorf("there is no system %q, only %s", name, strings.Join(names, ", "))
}
