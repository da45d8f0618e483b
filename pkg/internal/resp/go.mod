module github.com/tidwall/resp

go 1.24.1
