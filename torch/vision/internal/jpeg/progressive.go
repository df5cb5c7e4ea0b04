package jpeg

import "errors"

// decoder returns what reads the blocks of a progressive scan (T.81, annex G): the first bits of coefficients or one
// more, of DC or AC.
func (p progress) decoder() func(*decoder, *component, []int16, progress) error {
	switch {
	case p.from == 0 && p.high == 0:
		return firstDC
	case p.from == 0:
		return nextDC
	case p.high == 0:
		return firstAC
	}
	return nextAC
}

func firstDC(d *decoder, c *component, block []int16, p progress) error {
	size, ok := d.bits.symbol(c.dc)
	if !ok || size > 11 {
		return errCode
	}
	c.predictor += extend(d.bits.take(uint(size)), int(size))
	block[0] = int16(c.predictor << p.low)
	return nil
}

func nextDC(d *decoder, _ *component, block []int16, p progress) error {
	block[0] |= int16(d.bits.take(1) << p.low)
	return nil
}

func firstAC(d *decoder, c *component, block []int16, p progress) error {
	if d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	for k := p.from; k <= p.to; k++ {
		symbol, ok := d.bits.symbol(c.ac)
		if !ok {
			return errCode
		}
		run, size := uint(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run < 15 {
				d.eobRun = 1<<run - 1 + int(d.bits.take(run))
				return nil
			}
			k += 15
			continue
		}
		if k += int(run); k > p.to {
			return errors.New("a block of too many coefficients")
		}
		block[zigzag[k]] = int16(extend(d.bits.take(size), int(size)) << p.low)
	}
	return nil
}

// nextAC refines coefficients: each that is not zero takes a bit on the way to a new one or to the end.
func nextAC(d *decoder, c *component, block []int16, p progress) error {
	one := int16(1) << p.low
	k := p.from
	for ; k <= p.to && d.eobRun == 0; k++ {
		symbol, ok := d.bits.symbol(c.ac)
		if !ok {
			return errCode
		}
		run, size, value := int(symbol>>4), symbol&15, int16(0)
		switch {
		case size == 1:
			if value = -one; d.bits.take(1) == 1 {
				value = one
			}
		case size > 1:
			return errCode
		case run < 15:
			d.eobRun = 1<<run + int(d.bits.take(uint(run)))
		}
		if d.eobRun > 0 {
			break
		}
		for ; k <= p.to; k++ {
			v := &block[zigzag[k]]
			if *v != 0 {
				d.refine(v, one)
				continue
			}
			if run == 0 {
				break
			}
			run--
		}
		if value != 0 {
			if k > p.to {
				return errors.New("a block of too many coefficients")
			}
			block[zigzag[k]] = value
		}
	}
	if d.eobRun > 0 {
		d.eobRun--
		for ; k <= p.to; k++ {
			if v := &block[zigzag[k]]; *v != 0 {
				d.refine(v, one)
			}
		}
	}
	return nil
}

func (d *decoder) refine(v *int16, one int16) {
	if d.bits.take(1) == 0 || *v&one != 0 {
		return
	}
	if *v >= 0 {
		*v += one
	} else {
		*v -= one
	}
}
