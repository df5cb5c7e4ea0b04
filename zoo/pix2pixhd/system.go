package pix2pixhd

// earthClasses are the labels of the relief maps of earth.
const earthClasses = 8
