// Package gan is the toolkit that the systems of the zoo share: adversarial losses and initialisations.
package gan
