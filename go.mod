module github.com/forgergan/forger

go 1.26
