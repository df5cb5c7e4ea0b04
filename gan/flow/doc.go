// Package flow estimates optical flow and moves pictures by it, as losses, discriminators and scores of video need.
//
// A flow (N, 2, H, W) says for each pixel of one picture where its content is in another: channel 0 is how many pixels to
// the right, channel 1 how many down. [Warp] fetches it from there:
//
//	e := flow.NewLucasKanade()                    // needs no file
//	f := e.Flow(frame, previous)                  // where each pixel of frame was
//	again := flow.Warp(previous, f)               // frame, made of the previous one
//	f, sure := flow.Reference(e, frame, previous) // with a mask of where that worked
//
// # Estimators
//
// [LucasKanade] is classical and deterministic, for small pictures of moving people and cameras. [FlowNet2] is the network
// that vid2vid's official program supervises with; its published weights are a file of the user's, which [LoadFlowNet2]
// reads. An [Estimator] has a Name, so that a run can say by which one it was made. [Memory] keeps the flows of
// pictures that come back.
//
// Pictures are (N, 3, H, W) in [−1, 1] throughout. Estimators record no gradients; [Warp], [Resample], [ChannelNorm] and
// [Correlation] do. Beside the confidence of [Reference], which is of colours, [Visible] compares the flows there and back.
//
// [Save] and [Load] keep flows in the .flo files of the Middlebury benchmark, and [Colour] shows them in its colours.
package flow
