/** Words that are among the first to be tried, in small letters: those that stand at the top of every list of passwords that became
 * known. Rows of keys and repetitions are seen without a list. */
export const COMMON: ReadonlySet<string> = new Set(
  `
  0987654321 102030 10203040 112233 11223344 1122334455 123123123 123321 12341234 12344321 1234554321
  123456789a 123abc 123qwe 13579 147258369 159753 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 20202020
  2468013579 31415926 3141592653 741852963 789456123 987654321 a123456789 a1b2c3d4 abc123 abcd1234
  access admin adminadmin administrator alexander allah amanda amazon america andrea andrew android
  angel angels anthony anything apple april arsenal asdasd asdf asdfgh asdfghjkl ashley asshole august
  australia autumn azerty baby bailey banana barcelona baseball basketball batman bayern beatles
  berlin bible bienvenue bitch blahblah blessed blizzard brazil brother buddy bulls business buster
  butterfly california camaro canada changeit changeme charles charlie cheese chelsea chicken china
  chocolate christ ciao cisco company computer contrasena contraseña cookie correcthorsebatterystaple
  corvette cowboys crystal dancer daniel daughter december default demo destiny diamond dolphin donald
  donttellanyone dortmund dragon eagle eagles elizabeth eminem england everything facebook faith
  falcon family father february ferrari flower flowers football forever fortnite france freedom friday
  friend friends frodo fruehling fuckoff fuckyou fussball gandalf gangster garfield geheim genesis
  george germany ginger godisgood golden golf golfer google guest guitar hallo hannah harley
  harleydavidson harrypotter haslo heaven hello hellokitty herbst heslo hobbit hockey hogwarts hola
  honda hope horse horses hottie hunter hurricane iamthebest ihateyou iloveu iloveyou india instagram
  internet iphone ironman jackson january jehova jelszo jennifer jessica jesus jesuschrist jordan
  joshua july june justin juventus kennwort killer king kitten kitty lakers letmein letmeinnow
  lightning linkedin linkinpark lion lions liverpool login logon london love lovely lovers loveyou
  lucky madrid maggie magic manager manchester manutd march maria mario marlboro martin master matrix
  matthew maverick mercedes merlin merlot metallica mexico michael michelle mickey microsoft million
  minecraft monday money monkey moonlight moscow motdepasse mother music mustang mylove mypasswd
  mypassword naruto natasha newpassword newyork nicole ninja nintendo nirvana nopassword nothing
  november october office oldpassword opensesam opensesame openup oracle orange panther paris parola
  parole pass passw0rd passwd password passwordpassword passwort patrick peace pepper phoenix pikachu
  pirate playstation pleasechange pokemon porsche prince princesa princess puppy purple q1w2e3r4
  qazwsx queen qwaszx qwe123 qweasd qweasdzxc qweqwe qwert qwerty qwertyui qwertz rainbow ranger
  rangers realmadrid richard robert rocky root rootroot russia salasana samantha samsung saturday
  schalke scooby secret senha september server service sesam sesame sexsex sexy shadow sifre silver
  sister slipknot snoopy snowball soccer softball something sommer sonic sophie spiderman spring
  starlight startrek starwars steelers stephanie success summer sunday sunflower sunshine superadmin
  superman superuser support sysadmin system taylor temp temporary temppass tennis test tester testing
  thequickbrownfox thisismypassword thomas thunder thursday tiger tigger toyota trustgod trustno
  trustno1 tuesday twitter user vampire victoria wachtwoord warcraft warrior wednesday welcome
  whatever william willkommen windows winter wizard wolf wolves xbox yamaha yankees yellow
  youarethebest youtube yxcvbnm zaq12wsx zaq1xsw2 zelda zombie zxcvbn zxcvbnm
`.trim().split(/\s+/),
);
