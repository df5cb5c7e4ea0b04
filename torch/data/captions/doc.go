// Package captions feeds systems that make pictures of sentences: pictures, each with sentences that describe it, and the
// embeddings of those.
//
//	encoder := text.New(text.Options{}) // of package gan/text, or any other Encoder
//	set, err := captions.Open(ctx, "emoji64", captions.Options{Size: 64, Load: 76, Wrong: true, Captions: 1, Encoder: encoder})
//	...
//	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 64, Shuffle: true, DropLast: true})
//
// # Sets
//
//	emoji64           names and keywords of emoji, with the style where several are there: "red apple, in flat style"
//	                  (Unicode's names and emojibase's keywords; views as in data.Open)
//	DIR               pictures in folders as data.OpenFolder finds them, x.png beside x.txt, a caption a line
//
// Training and test pictures of the sets that can be fetched show different things: no name of the one is among the other.
//
// # Embeddings
//
// An [Encoder] embeds all sentences of a set when it is first opened. They are kept in the folder text of the cache folder,
// by a checksum of the sentences and the encoder's name, so that nothing is computed twice.
package captions
